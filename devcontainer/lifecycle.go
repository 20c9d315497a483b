package devcontainer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// A Stage is one of the moments at which a Dev Container runs commands. Its
// text is the name of the property.
type Stage string

// The stages, in the order in which they come. Initialize runs on the host,
// the others run in the container.
const (
	Initialize    Stage = "initializeCommand"
	OnCreate      Stage = "onCreateCommand"
	UpdateContent Stage = "updateContentCommand"
	PostCreate    Stage = "postCreateCommand"
	PostStart     Stage = "postStartCommand"
	PostAttach    Stage = "postAttachCommand"
)

// Stages returns all stages in the order in which they come.
func Stages() []Stage {
	return []Stage{Initialize, OnCreate, UpdateContent, PostCreate, PostStart, PostAttach}
}

func (s Stage) validate() error {
	if !slices.Contains(Stages(), s) {
		return &StageError{Stage: s, Reason: fmt.Sprintf("is no stage, wanted one of %v", Stages())}
	}
	return nil
}

// A Command is what runs at a stage, in one of the three forms of the
// specification. One of the fields is set; in the zero Command, which is no
// command, none is.
type Command struct {
	Shell    string         // the string form: text for /bin/sh (on a Windows host for cmd.exe)
	Args     []string       // the array form: a program and its arguments, without a shell
	Parallel []NamedCommand // the object form: several at the same time, in the file's order
}

// A NamedCommand is one of the commands of the object form.
type NamedCommand struct {
	Name    string
	Command Command // Shell or Args; the specification nests no further
}

// IsZero reports whether there is no command.
func (c Command) IsZero() bool { return c.Shell == "" && len(c.Args) == 0 && len(c.Parallel) == 0 }

// A StageError says that a command cannot be read, written or appended.
type StageError struct {
	Stage  Stage
	Reason string // what is wrong and what to do
}

func (e *StageError) Error() string { return fmt.Sprintf("%s: %s", e.Stage, e.Reason) }

// Lifecycle returns the command of a stage, and the zero Command where there is
// none. A command that has none of the three forms is a [*StageError].
func (f *File) Lifecycle(stage Stage) (Command, error) {
	if err := stage.validate(); err != nil {
		return Command{}, err
	}
	pointer := pointerTo(string(stage))
	var raw json.RawMessage
	if found, err := f.Get(pointer, &raw); !found || err != nil {
		return Command{}, err
	}
	if !bytes.HasPrefix(raw, []byte("{")) {
		return parseCommand(stage, raw)
	}
	names, err := f.Members(pointer)
	if err != nil {
		return Command{}, err
	}
	command := Command{Parallel: []NamedCommand{}}
	for _, name := range names {
		var raw json.RawMessage
		if _, err := f.Get(pointer+pointerTo(name), &raw); err != nil {
			return Command{}, err
		}
		one, err := parseCommand(stage, raw)
		if err != nil {
			return Command{}, err
		}
		command.Parallel = append(command.Parallel, NamedCommand{name, one})
	}
	return command, nil
}

// parseCommand reads the string and the array form.
func parseCommand(stage Stage, raw json.RawMessage) (Command, error) {
	var text string
	var args []string
	switch {
	case bytes.Equal(raw, []byte("null")):
		return Command{}, nil
	case json.Unmarshal(raw, &text) == nil:
		return Command{Shell: text}, nil
	case json.Unmarshal(raw, &args) == nil:
		return Command{Args: args}, nil
	}
	return Command{}, &StageError{stage, fmt.Sprintf("is %.60s, wanted a string, an array of strings or an object of these", raw)}
}

// SetLifecycle sets the command of a stage in its form. The zero Command takes
// it away.
func (f *File) SetLifecycle(stage Stage, c Command) error {
	if err := stage.validate(); err != nil {
		return err
	}
	if c.IsZero() {
		_, err := f.Remove(pointerTo(string(stage)))
		return err
	}
	value, err := c.value(stage)
	if err != nil {
		return err
	}
	return f.Set(pointerTo(string(stage)), value)
}

// value returns the command as it stands in a file.
func (c Command) value(stage Stage) (any, error) {
	switch {
	case c.Shell != "" && c.Args == nil && c.Parallel == nil:
		return c.Shell, nil
	case c.Shell == "" && len(c.Args) > 0 && c.Parallel == nil:
		return c.Args, nil
	case c.Shell != "" || c.Args != nil || len(c.Parallel) == 0:
		return nil, &StageError{stage, "wanted one form of command: Shell, Args or Parallel"}
	}
	object := Ordered{}
	for _, named := range c.Parallel {
		if named.Name == "" || named.Command.Parallel != nil {
			return nil, &StageError{stage, "wanted commands in Parallel that have a name and are Shell or Args"}
		}
		if slices.ContainsFunc(object, func(m Member) bool { return m.Name == named.Name }) {
			return nil, &StageError{stage, fmt.Sprintf("the name %q is there twice", named.Name)}
		}
		value, err := named.Command.value(stage)
		if err != nil {
			return nil, err
		}
		object = append(object, Member{named.Name, value})
	}
	return object, nil
}

// Append adds a command to what a stage does already, and changes the form only
// where everything keeps its meaning. Otherwise the error is a [*StageError]
// and nothing is changed.
//
//   - Shell and Args run after what is there, if that succeeded, in one shell
//     command: "a && b". Arguments are quoted for the shell; what would leave
//     the other command elsewhere (cd, exit, an operator that binds less) runs
//     in a shell of its own: "(cd sub && make) && b".
//   - Parallel joins an object by name: all of its commands run at the same
//     time. A name that is taken by another command is refused.
//   - An object has no order: nothing can come after it, and what came before
//     cannot be made one of it. Both are refused; give the command a name, or
//     take the next stage.
func (f *File) Append(stage Stage, c Command) error {
	have, err := f.Lifecycle(stage)
	if err != nil {
		return err
	}
	if c.IsZero() {
		return nil
	}
	if _, err := c.value(stage); err != nil {
		return err
	}
	if have.IsZero() {
		return f.SetLifecycle(stage, c)
	}
	switch {
	case have.Parallel != nil && c.Parallel != nil:
		return f.appendParallel(stage, have, c)
	case have.Parallel != nil:
		return &StageError{stage, "its commands run at the same time, and none can run after them: append it with a name (Parallel), or to a later stage"}
	case c.Parallel != nil:
		return &StageError{stage, "what is there is a single command; beside others it would no longer run before them: give it a name first (SetLifecycle), or append to a later stage"}
	}
	first, err := have.sequential(stage, true)
	if err != nil {
		return err
	}
	second, err := c.sequential(stage, false)
	if err != nil {
		return err
	}
	return f.Set(pointerTo(string(stage)), first+" && "+second)
}

// appendParallel adds commands to those of an object, each as an edit of its own.
func (f *File) appendParallel(stage Stage, have, c Command) error {
	for _, named := range c.Parallel {
		at := slices.IndexFunc(have.Parallel, func(n NamedCommand) bool { return n.Name == named.Name })
		if at >= 0 && !have.Parallel[at].Command.equal(named.Command) {
			return &StageError{stage, fmt.Sprintf("the name %q is taken by another command", named.Name)}
		}
	}
	return f.atomically(func() error {
		for _, named := range c.Parallel {
			value, err := named.Command.value(stage)
			if err != nil {
				return err
			}
			if err := f.Set(pointerTo(string(stage), named.Name), value); err != nil {
				return err
			}
		}
		return nil
	})
}

// equal compares two commands that are Shell or Args.
func (c Command) equal(d Command) bool { return c.Shell == d.Shell && slices.Equal(c.Args, d.Args) }

// WaitFor returns the stage that tools wait for before they connect; it is
// UpdateContent where the file does not say.
func (f *File) WaitFor() (Stage, error) {
	stage := UpdateContent
	_, err := f.Get("/waitFor", &stage)
	return stage, err
}

// SetWaitFor sets the stage that tools wait for. PostAttach comes after it and
// is refused, as the specification has it.
func (f *File) SetWaitFor(stage Stage) error {
	if err := stage.validate(); err != nil {
		return err
	}
	if stage == PostAttach {
		return &StageError{stage, "runs after tools have connected, so none can wait for it"}
	}
	return f.Set("/waitFor", string(stage))
}
