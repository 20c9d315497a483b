//go:build unix

package machine_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// TestLocalCommandsCanBeInterrupted runs itself again the way that scripts
// start programs in the background: with SIGINT ignored.
func TestLocalCommandsCanBeInterrupted(t *testing.T) {
	if os.Getenv("MACHINE_TEST_BACKGROUND") == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", `trap "" INT; exec "$0" "$@"`, self, "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), "MACHINE_TEST_BACKGROUND=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Errorf("in the background: %v\n%s", err, out)
		}
		return
	}
	var out bytes.Buffer
	err := machine.Local().Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", "kill -INT $$; echo survived"}, Stdout: &out})
	var exit *machine.ExitError
	if !errors.As(err, &exit) || exit.Code != 128+2 || out.Len() > 0 {
		t.Errorf("Run() = %v with output %q, want exit code 130", err, out.String())
	}
}
