package vagrant_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
)

func TestLifecycle(t *testing.T) {
	w := newWorld(t)
	m := &vagrant.Machine{Dir: w.dir, Provider: "virtualbox"}
	wantState := func(want vagrant.State) {
		t.Helper()
		if got, err := m.Status(t.Context()); err != nil || got != want {
			t.Errorf("Status() = %v, %v, want %v", got, err, want)
		}
	}
	wantState(vagrant.NotCreated)
	if err := errors.Join(m.Halt(t.Context(), nil), m.Destroy(t.Context(), nil)); err != nil {
		t.Errorf("without a machine: %v", err)
	}
	if log := w.log(); log != "" {
		t.Errorf("without a Vagrantfile vagrant was run, and may have found one of a folder above:\n%s", log)
	}
	var out strings.Builder
	if err := m.Up(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "==> default: Machine booted and ready!\n" {
		t.Errorf("vagrant up was passed on as %q", out.String())
	}
	if log := w.log(); log != "vagrant up --provider=virtualbox\n" {
		t.Errorf("Up ran\n%s", log)
	}
	wantState(vagrant.Running)
	var said, errs strings.Builder
	if err := m.Shell(t.Context(), strings.NewReader("exit 3\n"), &said, &errs); err != nil || said.String() != "exit 3\n" {
		t.Errorf("Shell() = %v with output %q", err, said.String())
	}
	if err := m.Halt(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	wantState(vagrant.PowerOff)
	state := (*vagrant.StateError)(nil)
	if err := m.Shell(t.Context(), strings.NewReader(""), &said, &errs); !errors.As(err, &state) || state.State != vagrant.PowerOff {
		t.Errorf("Shell() of a machine that is off = %v, want a *StateError", err)
	}
	w.log()
	if err := m.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if log := w.log(); log != "vagrant status --machine-readable\nvagrant destroy -f\n" {
		t.Errorf("Destroy ran\n%s", log)
	}
	wantState(vagrant.NotCreated)
	if w.read("Vagrantfile") == "" {
		t.Error("the Vagrantfile is gone")
	}
}

func TestNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := vagrant.New(t.TempDir()).Up(t.Context(), nil)
	if !errors.Is(err, vagrant.ErrNotInstalled) || !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("Up() = %v, want ErrNotInstalled", err)
	}
}

func TestTroubleIsExplained(t *testing.T) {
	w := newWorld(t)
	m := vagrant.New(w.dir)
	for _, row := range []struct{ name, printed, want string }{
		{"too old", "This Vagrant environment has specified that it requires the Vagrant\nversion to satisfy the following version requirements:\n\n  >= 2.3", "this Vagrant is too old"},
		{"no provider", "No usable default provider could be found for your system.", "no provider is installed"},
		{"no VirtualBox", "Vagrant could not detect VirtualBox! Make sure", "VirtualBox is not installed"},
		{"no plugin", "The provider 'libvirt' could not be found, but was requested to\nback the machine", "lacks the plugin"},
		{"box unknown", "The box 'no/such' could not be found or\ncould not be accessed in the remote catalog.", "the box cannot be downloaded"},
		{"box unreachable", "An error occurred while downloading the remote file.", "the box cannot be downloaded"},
		{"port", "Vagrant cannot forward the specified ports on this VM, since", "is taken by another program"},
		{"locked", "Vagrant can't use the requested machine because it is locked! This", "another vagrant works"},
		{"no boot", "Timed out while waiting for the machine to boot.", "did not boot in time"},
		{"other", "Something new", "vagrant up in "},
	} {
		w.says("up.err", row.printed)
		err := m.Up(t.Context(), nil)
		exit := (*machine.ExitError)(nil)
		if !errors.As(err, &exit) || !strings.HasPrefix(err.Error(), row.want) && !strings.Contains(strings.SplitN(err.Error(), "\n", 2)[0], row.want) {
			t.Errorf("%s: Up() = %v, want %q and an *ExitError", row.name, err, row.want)
		}
	}
}

func TestStatusWords(t *testing.T) {
	w := newWorld(t)
	m := vagrant.New(w.dir)
	if err := m.Up(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for printed, want := range map[string]vagrant.State{
		"running": vagrant.Running, "poweroff": vagrant.PowerOff, "shutoff": vagrant.PowerOff, "stopped": vagrant.PowerOff,
		"aborted": vagrant.PowerOff, "saved": vagrant.Saved, "not_created": vagrant.NotCreated, "gurumeditation": "gurumeditation",
	} {
		w.says("state", printed)
		if got, err := m.Status(t.Context()); err != nil || got != want {
			t.Errorf("%s: Status() = %q, %v, want %q", printed, got, err, want)
		}
	}
	for printed, want := range map[string]string{
		"": "no state", "1,default,state,\n": "no state", "1,a,state,running\n1,b,state,running\n": "defines 2 machines",
	} {
		w.says("status.out", printed)
		if got, err := m.Status(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: Status() = %q, %v, want an error with %q", printed, got, err, want)
		}
	}
}

func TestInvalidFieldsStartNothing(t *testing.T) {
	w := newWorld(t)
	m := &vagrant.Machine{Dir: w.dir, Memory: -1}
	if err := m.Up(t.Context(), nil); err == nil {
		t.Error("a negative memory is no error")
	}
	if _, err := os.Stat(filepath.Join(w.dir, "Vagrantfile")); err == nil || w.log() != "" {
		t.Error("something was written or run")
	}
}
