package targets

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
)

func TestMachineFlag(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, tt := range []struct {
		name  string
		flags machineFlags
		env   string
		want  string // name of the place, or what the error says
	}{
		{"local", machineFlags{machine: text("local")}, "", "local"},
		{"image", machineFlags{machine: text("docker:debian:12")}, "", "docker:debian:12"},
		{"image of a registry", machineFlags{machine: text("docker:ghcr.io:443/a/b:1")}, "", "docker:ghcr.io:443/a/b:1"},
		{"no image", machineFlags{machine: text("docker")}, "", "docker:ubuntu:20.04"},
		{"podman", machineFlags{machine: text("podman:fedora:43")}, "", "docker:fedora:43"},
		{"environment", machineFlags{}, "docker:debian:13", "docker:debian:13"},
		{"flag before environment", machineFlags{machine: text("local")}, "docker:debian:13", "local"},
		{"architecture means a container", machineFlags{arch: text("arm64")}, "", "docker:ubuntu:20.04"},
		{"unknown", machineFlags{machine: text("qemu")}, "", "wanted local, docker:IMAGE"},
		{"local with something", machineFlags{machine: text("local:x")}, "", "wanted local"},
		{"auto with something", machineFlags{machine: text("auto:debian:12")}, "", "wanted docker:debian:12"},
		{"architecture of this host", machineFlags{machine: text("local"), arch: text("arm64")}, "", "name an image"},
		{"engine of this host", machineFlags{machine: text("local"), engine: text("podman")}, "", "name an image"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := newTestConsole(t, false)
			t.Setenv("MACHINE", tt.env)
			on, err := c.machine(t.Context(), tt.flags)
			if err != nil {
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, wanted it to say %q", err, tt.want)
				}
				return
			}
			defer on.Close()
			if on.name != tt.want {
				t.Errorf("place %q, wanted %q", on.name, tt.want)
			}
			if m, ok := on.Machine.(*docker.Machine); ok && (tt.flags.arch != nil && m.Arch != *tt.flags.arch || tt.name == "podman" && m.Engine != "podman") {
				t.Errorf("machine %+v", m)
			}
			if on.name == "local" && on.Machine != machine.Local() {
				t.Errorf("machine %T, wanted this host", on.Machine)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	good := diagnosis{"local", []cpython.Finding{{ID: "disk", Status: cpython.Pass}}}
	bad := diagnosis{"docker", []cpython.Finding{{ID: "container-engine", Status: cpython.Fail, Message: "docker is not installed", Fix: "install it"}}}
	both := verdict([]diagnosis{bad, good})
	if !both.OK() || both.Findings[0].Status != cpython.Warn || both.Findings[0].ID != "docker/container-engine" || !strings.Contains(both.Findings[0].Message, "local works") {
		t.Errorf("one way works: %+v", both)
	}
	if none := verdict([]diagnosis{bad}); none.OK() || none.Findings[0].Status != cpython.Fail {
		t.Errorf("no way works: %+v", none)
	}
}

func TestMatrixTarget(t *testing.T) {
	text := func(s string) *string { return &s }
	c, _ := newTestConsole(t, false)
	t.Setenv("VERSIONS", "")
	t.Setenv("IMAGES", "")
	jobs, err := c.matrix(matrixFlags{versions: text("3.13.5,3.13.5t"), images: text("debian:11,debian:12"), arch: text("arm64")})
	if err != nil || len(jobs) != 4 || jobs[3] != (build.Job{Version: "3.13.5t", Build: 1, Image: "debian:12", Arch: "arm64"}) {
		t.Errorf("jobs %+v, error %v", jobs, err)
	}
	var out bytes.Buffer
	if err := printMatrix(&out, jobs, true); err != nil {
		t.Fatal(err)
	}
	var parsed struct{ Include []map[string]any }
	if err := json.Unmarshal(out.Bytes(), &parsed); err != nil || len(parsed.Include) != 4 || parsed.Include[0]["image"] != "debian:11" {
		t.Errorf("as JSON %s, error %v", out.String(), err)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("more than one line, which GITHUB_OUTPUT does not take: %q", out.String())
	}
	if _, err := c.matrix(matrixFlags{arch: text("s390x")}); err == nil || !strings.Contains(err.Error(), "s390x") {
		t.Errorf("nothing to build: %v", err)
	}
}

func TestPrintOutcomes(t *testing.T) {
	ref, err := cpython.ParseRef("cpython-3.13.5-debian12-build1")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = printOutcomes(&out, []build.Outcome{
		{Job: build.Job{Version: "3.13.5", Build: 1, Image: "debian:12"}, Result: &build.Result{Ref: ref, Size: 21_900_000}, Took: 300 * time.Second},
		{Job: build.Job{Version: "3.13.5", Build: 1, Image: "debian:12"}, Result: &build.Result{Ref: ref, Size: 21_900_000, Reused: true}, Took: time.Second},
		{Job: build.Job{Version: "3.13.5t", Build: 1, Image: "debian:9"}, Err: errors.New("no such image\nand more"), Took: time.Second},
	})
	want := "ARTIFACT                        MACHINE    TIME  MB    RESULT\n" +
		"cpython-3.13.5-debian12-build1  debian:12  5m0s  21.9  built\n" +
		"cpython-3.13.5-debian12-build1  debian:12  1s    21.9  was there\n" +
		"3.13.5t build 1 for debian:9    debian:9   1s          failed: no such image\n"
	if err != nil || out.String() != want {
		t.Errorf("error %v, table:\n%s\nwanted:\n%s", err, out.String(), want)
	}
}

func TestProgressOfSeveral(t *testing.T) {
	c, story := newTestConsole(t, true)
	a, b := c.of("one"), c.of("two")
	a.progress(build.Progress{Step: "compile", Number: 1, Steps: 2})
	b.progress(build.Progress{Step: "install", Number: 2, Steps: 2})
	story.Reset()
	a.logger.Info("done")
	const up = "\r\x1b[K\x1b[A\r\x1b[K"
	got := story.String()
	if !strings.HasPrefix(got, up) || !strings.Contains(got, "one: ") || !strings.HasSuffix(got, "one  [1/2] compile  0s, about 0s left\ntwo  [2/2] install  0s, about 0s left") {
		t.Errorf("the screen gets %q", got)
	}
	a.end()
	b.end()
	if len(c.screen.lines) > 0 || c.screen.shown > 0 {
		t.Errorf("left on the screen: %q", c.screen.lines)
	}
}

func TestClean(t *testing.T) {
	c, story := newTestConsole(t, false)
	var removed []string
	found := func(kind string) leftover {
		return leftover{kind, kind + " of ours", "1 MB", func() error { removed = append(removed, kind); return nil }}
	}
	all := []leftover{found("sources"), found("work"), found("image"), {"volume", "ccache", "", func() error { return errors.New("is in use") }}}
	if err := c.clean(all, []string{"work", "image"}); err != nil || strings.Join(removed, " ") != "work image" {
		t.Errorf("removed %q, error %v", removed, err)
	}
	if !strings.Contains(story.String(), "work of ours") {
		t.Errorf("the story does not say what is gone: %s", story)
	}
	if err := c.clean(all, []string{"everything"}); err == nil || len(removed) != 2 {
		t.Errorf("removed %q, error %v, wanted the word to be refused", removed, err)
	}
	if err := c.clean(all, []string{"all"}); err == nil || len(removed) != 5 {
		t.Errorf("removed %q, error %v, wanted all but one that is in use", removed, err)
	}
	var table bytes.Buffer
	if err := printLeftovers(&table, all[:1]); err != nil || table.String() != "KIND     SIZE  NAME\nsources  1 MB  sources of ours\n" {
		t.Errorf("table %q, error %v", table.String(), err)
	}
}

func TestConfirm(t *testing.T) {
	if err := confirm("really?", false); err == nil || !strings.Contains(err.Error(), "-force") {
		t.Errorf("without a terminal: %v", err)
	}
}
