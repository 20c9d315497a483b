//go:build unix

package machine_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A sudo that gives no rights, but takes its arguments and the environment
// away as the real one does. TestE2ELocalRoot of package docker has a real one.
const fakeSudo = `#!/bin/sh
[ "$1 $2" = "-n --" ] && [ -n "$V$HOME" ] || exit 9
shift 2
exec env -i PATH=/usr/bin:/bin SUDO_USER=me "$@"
`

// TestLocalThroughSudo runs itself again as an ordinary user where it is root.
func TestLocalThroughSudo(t *testing.T) {
	if os.Geteuid() == 0 {
		again(t, syscall.Credential{Uid: 65534, Gid: 65534})
		return
	}
	needShell(t)
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("V", "own")
	if err := os.WriteFile(filepath.Join(bin, "sudo"), []byte(fakeSudo), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		env  []string
		want string
	}{
		{"environment given", []string{"PATH=/usr/bin:/bin", "W=two words"}, "-two words-"},
		{"environment of this program", nil, "own--"},
	} {
		var out bytes.Buffer
		c := machine.Cmd{Args: []string{"sh", "-c", `echo "$V-$W-$SUDO_USER"; exit 3`}, Env: test.env, Stdout: &out, Root: true}
		err := machine.Local().Run(t.Context(), c)
		exit := (*machine.ExitError)(nil)
		if !errors.As(err, &exit) || exit.Code != 3 || exit.Cmd[0] != "sh" || out.String() != test.want+"\n" {
			t.Errorf("%s: %v, printed %q, wanted %q", test.name, err, out.String(), test.want)
		}
	}
}

func TestLocalNoRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		again(t, syscall.Credential{Uid: 65534, Gid: 65534})
		return
	}
	for name, script := range map[string]string{
		"there is no sudo":       "",
		"a password is required": "#!/bin/sh\necho sudo: a password is required >&2; exit 1\n",
	} {
		bin := t.TempDir()
		t.Setenv("PATH", bin)
		if script != "" {
			if err := os.WriteFile(filepath.Join(bin, "sudo"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		err := machine.Local().Run(t.Context(), machine.Cmd{Args: []string{"/bin/sh", "-c", "exit 0"}, Root: true})
		if !errors.Is(err, machine.ErrNoRoot) || !strings.Contains(err.Error(), name) {
			t.Errorf("error is %v, wanted ErrNoRoot that says %q", err, name)
		}
	}
}

// again runs the test again as somebody else, from a copy of this program in
// a folder that they can read.
func again(t *testing.T, who syscall.Credential) {
	t.Helper()
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Skip("this test needs another user than root:", err)
	}
	defer self.Close()
	dir, err := os.MkdirTemp("", "machine-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program, err := os.OpenFile(filepath.Join(dir, "test"), os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(program, self)
	if err := errors.Join(err, program.Close(), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program.Name(), "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &who}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as another user: %v\n%s", err, out)
	}
}
