package devcontainer

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
)

// A Mount is what is mounted into the container.
type Mount struct {
	Type   string // "bind" or "volume"; empty is a volume, as for Docker
	Source string
	Target string

	// Text is the whole mount where the file gives it as a string, as Docker's
	// --mount takes it; it may hold more than the other fields say.
	Text string
}

// parseMount reads Docker's text form: name=value pairs with commas.
func parseMount(text string) Mount {
	mount := Mount{Text: text}
	for _, pair := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(pair, "=")
		switch strings.TrimSpace(strings.ToLower(name)) {
		case "type":
			mount.Type = value
		case "source", "src":
			mount.Source = value
		case "target", "destination", "dst":
			mount.Target = value
		}
	}
	return mount
}

// Mounts returns what is mounted into the container.
func (f *File) Mounts() ([]Mount, error) {
	raws, err := get[[]json.RawMessage](f, "/mounts")
	if err != nil {
		return nil, err
	}
	var mounts []Mount
	for i, raw := range raws {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			mounts = append(mounts, parseMount(text))
			continue
		}
		var mount struct{ Type, Source, Target string }
		if err := json.Unmarshal(raw, &mount); err != nil {
			return nil, fmt.Errorf("/mounts/%d: %w", i, err)
		}
		mounts = append(mounts, Mount{Type: mount.Type, Source: mount.Source, Target: mount.Target})
	}
	return mounts, nil
}

// SetMount adds a mount at the end, or replaces the one with the same target.
// One with a Text is written as that, any other as an object.
func (f *File) SetMount(m Mount) error {
	var value any = m.Text
	if m.Text == "" {
		object := Ordered{}
		for _, member := range []Member{{"type", m.Type}, {"source", m.Source}, {"target", m.Target}} {
			if member.Value != "" {
				object = append(object, member)
			}
		}
		value = object
	} else if m.Target == "" {
		m.Target = parseMount(m.Text).Target
	}
	if m.Target == "" {
		return fmt.Errorf("mount %q: has no target", m.Text+m.Source)
	}
	at, err := f.mountAt(m.Target)
	switch {
	case err != nil:
		return err
	case at < 0:
		return f.Set("/mounts/-", value)
	}
	return f.Set(fmt.Sprintf("/mounts/%d", at), value)
}

// RemoveMount takes the mount with the target out, and says whether there was one.
func (f *File) RemoveMount(target string) (removed bool, err error) {
	at, err := f.mountAt(target)
	if err != nil || at < 0 {
		return false, err
	}
	return f.Remove(fmt.Sprintf("/mounts/%d", at))
}

// mountAt returns the index of the mount with the target, or -1.
func (f *File) mountAt(target string) (int, error) {
	mounts, err := f.Mounts()
	return slices.IndexFunc(mounts, func(m Mount) bool { return m.Target == target }), err
}

// A Port is one that tools forward from the container, or from another host
// that the container sees, to the local machine.
type Port struct {
	Host   string // of a Docker Compose service; empty is the container
	Number int
}

// String returns "3000" or "db:5432".
func (p Port) String() string {
	if p.Host == "" {
		return strconv.Itoa(p.Number)
	}
	return p.Host + ":" + strconv.Itoa(p.Number)
}

// parsePort reads a member of forwardPorts.
func parsePort(raw json.RawMessage) (Port, error) {
	var port Port
	if json.Unmarshal(raw, &port.Number) == nil {
		return port, port.validate()
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return port, fmt.Errorf("port %s: wanted a number or \"host:port\"", raw)
	}
	host, number, err := net.SplitHostPort(text)
	if err != nil {
		host, number = "", text // the CLI's own tests have "3000"
	}
	if port.Number, err = strconv.Atoi(number); err != nil {
		return port, fmt.Errorf("port %q: wanted a number or \"host:port\"", text)
	}
	port.Host = host
	return port, port.validate()
}

func (p Port) validate() error {
	if p.Number < 0 || p.Number > 65535 {
		return fmt.Errorf("port %s: wanted 0 to 65535", p)
	}
	return nil
}

// ForwardPorts returns the ports that tools forward.
func (f *File) ForwardPorts() ([]Port, error) {
	raws, err := get[[]json.RawMessage](f, "/forwardPorts")
	if err != nil {
		return nil, err
	}
	var ports []Port
	for i, raw := range raws {
		port, err := parsePort(raw)
		if err != nil {
			return nil, fmt.Errorf("/forwardPorts/%d: %w", i, err)
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// AddForwardPort adds ports at the end of the list; one that is there already
// is not added again.
func (f *File) AddForwardPort(ports ...Port) error {
	have, err := f.ForwardPorts()
	if err != nil {
		return err
	}
	return f.atomically(func() error {
		for _, port := range ports {
			if err := port.validate(); err != nil {
				return err
			}
			if slices.Contains(have, port) {
				continue
			}
			var value any = port.String()
			if port.Host == "" {
				value = port.Number
			}
			if err := f.Set("/forwardPorts/-", value); err != nil {
				return err
			}
			have = append(have, port)
		}
		return nil
	})
}

// RemoveForwardPort takes a port out of the list, and says whether it was there.
func (f *File) RemoveForwardPort(port Port) (removed bool, err error) {
	have, err := f.ForwardPorts()
	if err != nil {
		return false, err
	}
	at := slices.Index(have, port)
	if at < 0 {
		return false, nil
	}
	return f.Remove(fmt.Sprintf("/forwardPorts/%d", at))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
