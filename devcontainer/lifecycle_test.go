package devcontainer_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

func shell(text string) devcontainer.Command { return devcontainer.Command{Shell: text} }

func args(words ...string) devcontainer.Command { return devcontainer.Command{Args: words} }

func named(name string, c devcontainer.Command) devcontainer.Command {
	return devcontainer.Command{Parallel: []devcontainer.NamedCommand{{Name: name, Command: c}}}
}

func TestLifecycleForms(t *testing.T) {
	f := parse(t, `{"onCreateCommand": "make", "postCreateCommand": ["a", "b c"], "postStartCommand": {"z": "x", "a": ["y"]}, "postAttachCommand": 5, "updateContentCommand": null}`)
	for stage, want := range map[devcontainer.Stage]devcontainer.Command{
		devcontainer.OnCreate: shell("make"), devcontainer.PostCreate: args("a", "b c"), devcontainer.Initialize: {}, devcontainer.UpdateContent: {},
		devcontainer.PostStart: {Parallel: []devcontainer.NamedCommand{{Name: "z", Command: shell("x")}, {Name: "a", Command: args("y")}}},
	} {
		got, err := f.Lifecycle(stage)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, %v; wanted %v", stage, got, err, want)
		}
	}
	var wrong *devcontainer.StageError
	if _, err := f.Lifecycle(devcontainer.PostAttach); !errors.As(err, &wrong) {
		t.Errorf("a number: %v", err)
	}
	if _, err := f.Lifecycle("onDestroyCommand"); !errors.As(err, &wrong) {
		t.Errorf("an unknown stage: %v", err)
	}
	for _, stage := range devcontainer.Stages()[:5] {
		command, err := f.Lifecycle(stage)
		if err != nil {
			t.Fatal(err)
		}
		before := string(f.Bytes())
		if stage != devcontainer.UpdateContent && !command.IsZero() {
			if err := f.SetLifecycle(stage, command); err != nil {
				t.Error(err)
			}
		}
		same(t, f, before)
	}
}

func TestAppend(t *testing.T) {
	const stage = devcontainer.PostCreate
	for _, test := range []struct {
		name        string
		first, then devcontainer.Command
		want        devcontainer.Command // the zero Command: refused
	}{
		{"nothing there", devcontainer.Command{}, shell("a"), shell("a")},
		{"nothing to add", shell("a"), devcontainer.Command{}, shell("a")},
		{"text", shell("a b"), shell("c | d"), shell("a b && c | d")},
		{"a semicolon after", shell("a"), shell("b; c"), shell("a && (b; c)")},
		{"or", shell("a || b"), shell("c || d"), shell("(a || b) && (c || d)")},
		{"another folder", shell("cd sub && make"), shell("b"), shell("(cd sub && make) && b")},
		{"background", shell("serve &"), shell("b"), shell("(serve &) && b")},
		{"comment", shell("a # why"), shell("b"), shell("(a # why\n) && b")},
		{"subshell", shell("(a); b"), shell("c"), shell("( (a); b) && c")},
		{"quotes", shell(`echo "a; b" 'c | d'`), shell("e"), shell(`echo "a; b" 'c | d' && e`)},
		{"open quote", shell(`echo "a`), shell("b"), devcontainer.Command{}},
		{"shell variable", shell("echo ${HOME}/x"), shell("b"), shell("echo ${HOME}/x && b")},
		{"assignment", shell("X=1 make"), shell("b"), shell("(X=1 make) && b")},
		{"arguments", args("pip", "install", "-e", "."), args("echo", "it's $HOME"), shell(`pip install -e . && echo 'it'\''s $HOME'`)},
		{"text and arguments", shell("a"), args("b", "c"), shell("a && b c")},
		{"variable in arguments", shell("a"), args("b", "${containerEnv:X}"), devcontainer.Command{}},
		{"program with the name of a keyword", args("exit", "1"), shell("b"), devcontainer.Command{}},
		{"objects", named("a", shell("x")), named("b", args("y")), devcontainer.Command{Parallel: []devcontainer.NamedCommand{{Name: "a", Command: shell("x")}, {Name: "b", Command: args("y")}}}},
		{"the same again", named("a", shell("x")), named("a", shell("x")), named("a", shell("x"))},
		{"name taken", named("a", shell("x")), named("a", shell("y")), devcontainer.Command{}},
		{"after an object", named("a", shell("x")), shell("y"), devcontainer.Command{}},
		{"object after text", shell("x"), named("a", shell("y")), devcontainer.Command{}},
		{"object after arguments", args("x"), named("a", shell("y")), devcontainer.Command{}},
		{"no form", shell("x"), devcontainer.Command{Shell: "a", Args: []string{"b"}}, devcontainer.Command{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := parse(t, "{}")
			if err := f.SetLifecycle(stage, test.first); err != nil {
				t.Fatal(err)
			}
			before := string(f.Bytes())
			err := f.Append(stage, test.then)
			got, readErr := f.Lifecycle(stage)
			if readErr != nil {
				t.Fatal(readErr)
			}
			var refused *devcontainer.StageError
			if test.want.IsZero() {
				if !errors.As(err, &refused) {
					t.Errorf("Append gave %v and %v, wanted a StageError", got, err)
				}
				same(t, f, before)
			} else if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("Append gave %+v, %v; wanted %+v", got, err, test.want)
			}
		})
	}
}

func TestAppendOnTheHost(t *testing.T) {
	f := parse(t, `{"initializeCommand": "a"}`)
	if err := f.Append(devcontainer.Initialize, args("b", "with space")); err == nil {
		t.Error("quotes for an unknown shell were accepted")
	}
	if err := f.Append(devcontainer.Initialize, args("b", "--x=1")); err != nil {
		t.Error(err)
	}
	same(t, f, `{"initializeCommand": "a && b --x=1"}`)
}

// TestAppendKeepsMeaning runs commands alone and appended: what each prints,
// whether it runs, and where, must be the same.
func TestAppendKeepsMeaning(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh here")
	}
	texts := []string{"echo one", "echo two; echo three", "false || echo four", "cd sub && pwd", "true && false", "echo five # six", "(echo seven); echo eight",
		"cat <<E\nnine; ten\nE", "exit 0", "exit 3", "X=1; echo $X", "echo 'a;b' \"c&&d\"", "if true; then echo if; fi", "echo $X", "! false", "{ echo x; }", "echo y >out", "echo z \\\n w",
		"sleep 0 &", "set -e; false; echo never", "echo $(echo sub) `echo old`", "echo a#b", "for i in 1 2; do echo $i; done", "[ -d sub ]", "true;", "f() { echo f; }; f"}
	dir, refused := t.TempDir(), 0
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	type outcome struct {
		out  string
		code int
	}
	alone := map[string]outcome{}
	for _, text := range texts {
		out, code := runShell(t, dir, text)
		alone[text] = outcome{out, code}
	}
	for _, first := range texts {
		for _, then := range texts {
			f := parse(t, "{}")
			if err := f.Append(devcontainer.PostCreate, shell(first)); err != nil {
				t.Fatal(err)
			}
			if err := f.Append(devcontainer.PostCreate, shell(then)); err != nil {
				refused++
				continue
			}
			joined, err := f.Lifecycle(devcontainer.PostCreate)
			if err != nil {
				t.Fatal(err)
			}
			want := alone[first]
			if want.code == 0 {
				want = outcome{want.out + alone[then].out, alone[then].code}
			}
			if out, code := runShell(t, dir, joined.Shell); (outcome{out, code}) != want {
				t.Errorf("%q and %q became %q, which prints %q (%d); alone they print %q (%d)", first, then, joined.Shell, out, code, want.out, want.code)
			}
		}
	}
	if refused != len(texts) { // set -e before anything
		t.Errorf("%d pairs were refused, wanted %d", refused, len(texts))
	}
}

func runShell(t *testing.T, dir, text string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command("sh", "-c", text)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func TestWaitFor(t *testing.T) {
	f := parse(t, `{}`)
	if stage, err := f.WaitFor(); err != nil || stage != devcontainer.UpdateContent {
		t.Errorf("the default is %s, %v", stage, err)
	}
	if err := f.SetWaitFor(devcontainer.PostCreate); err != nil {
		t.Fatal(err)
	}
	if stage, _ := f.WaitFor(); stage != devcontainer.PostCreate {
		t.Errorf("WaitFor is %s", stage)
	}
	if err := f.SetWaitFor(devcontainer.PostAttach); err == nil {
		t.Error("postAttachCommand was accepted")
	}
}
