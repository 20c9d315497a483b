package vagrant_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestMain is also every program that the tests fake: under the name of one,
// the test binary is it.
func TestMain(m *testing.M) {
	switch name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe"); name {
	case "vagrant", "VBoxManage", "docker":
		code, err := fake(name, os.Args[1:])
		if err != nil {
			fmt.Fprintln(os.Stderr, "fake:", err)
			code = 99
		}
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// fakeDir is the folder, in that of the Vagrantfile, where a test says what the
// fakes do: state is the machine's, ssh-config what that command prints, and
// <command>.out and .err make a command print them, the latter and fail.
const fakeDir = "fake"

// fake answers like vagrant, for a machine that is a word in a file.
func fake(program string, args []string) (int, error) {
	if err := appendTo(filepath.Join(fakeDir, "log"), program+" "+strings.Join(args, " ")+"\n"); err != nil {
		return 0, err
	}
	command := strings.TrimLeft(args[0], "-")
	if program != "vagrant" {
		command = program
	}
	if text, err := os.ReadFile(filepath.Join(fakeDir, command+".err")); err == nil {
		fmt.Fprint(os.Stderr, string(text))
		return 1, nil
	}
	if text, err := os.ReadFile(filepath.Join(fakeDir, command+".out")); err == nil {
		fmt.Print(string(text))
		return 0, nil
	}
	state := filepath.Join(fakeDir, "state")
	id := filepath.Join(".vagrant", "machines", "default", "virtualbox", "id")
	switch command {
	case "version":
		fmt.Println("Vagrant 2.3.4")
	case "status":
		text, err := os.ReadFile(state)
		if err != nil {
			text = []byte("not_created")
		}
		fmt.Printf("1700000000,default,metadata,provider,virtualbox\n1700000000,default,state,%s\n", text)
	case "up":
		fmt.Println("==> default: Machine booted and ready!")
		if err := os.MkdirAll(filepath.Dir(id), 0o755); err != nil {
			return 0, err
		}
		if err := os.WriteFile(id, []byte("id-of-a-new-machine"), 0o644); err != nil {
			return 0, err
		}
		return 0, os.WriteFile(state, []byte("running"), 0o644)
	case "halt":
		return 0, os.WriteFile(state, []byte("poweroff"), 0o644)
	case "destroy":
		return 0, os.WriteFile(state, []byte("not_created"), 0o644)
	case "ssh-config":
		text, err := os.ReadFile(filepath.Join(fakeDir, "ssh-config"))
		fmt.Print("A new version of Vagrant is available: 9.9.9!\n\n", string(text))
		return 0, err
	case "ssh":
		_, err := io.Copy(os.Stdout, os.Stdin)
		return 3, err // what a person's last command ended with
	default:
		return 0, fmt.Errorf("%s does not know %q", program, args)
	}
	return 0, nil
}

func appendTo(name, text string) error {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(text)
	return err
}

// A world is a folder for a Vagrantfile whose vagrant is fake.
type world struct {
	*testing.T
	dir string
}

// newWorld makes one and puts the fakes first on the PATH.
func newWorld(t *testing.T) *world {
	t.Helper()
	bin := t.TempDir()
	fakes(t, bin, "vagrant")
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	w := &world{t, filepath.Join(t.TempDir(), "a folder [x]")}
	if err := os.MkdirAll(filepath.Join(w.dir, fakeDir), 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

// fakes makes the test binary available under other names.
func fakes(t *testing.T, bin string, names ...string) {
	t.Helper()
	t.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector would keep each of them for a second
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		link, file := os.Symlink, filepath.Join(bin, name)
		if runtime.GOOS == "windows" {
			link, file = os.Link, file+".exe"
		}
		if err := link(self, file); err != nil {
			t.Fatal(err)
		}
	}
}

// says writes a file that the fake reads.
func (w *world) says(name, text string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, fakeDir, name), []byte(text), 0o644); err != nil {
		w.Fatal(err)
	}
}

// log returns the commands that the fakes have got, and forgets them.
func (w *world) log() string {
	name := filepath.Join(w.dir, fakeDir, "log")
	text, _ := os.ReadFile(name)
	os.Remove(name)
	return string(text)
}

// read returns the content of a file below the folder, empty when it is not there.
func (w *world) read(name string) string {
	text, _ := os.ReadFile(filepath.Join(w.dir, name))
	return string(text)
}
