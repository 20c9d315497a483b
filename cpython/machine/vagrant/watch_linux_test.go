package vagrant_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
)

// TestCommandEndsWithItsServer kills what stands for the SSH server's process
// of a connection. The command is in a session of its own, as remote has it.
func TestCommandEndsWithItsServer(t *testing.T) {
	setsid, err := exec.LookPath("setsid")
	if err != nil {
		t.Skip("needs setsid: ", err)
	}
	for name, trap := range map[string]string{"ordinary": "", "ignores SIGTERM": `trap "" TERM; `} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "numbers")
			text, err := vagrant.CommandText(setsid, "sh", "-c", trap+`sleep 300 & echo "$$ $!" >"$0.new"; mv "$0.new" "$0"; wait`, file)
			if err != nil {
				t.Fatal(err)
			}
			server := exec.Command("sh", "-c", `"$1" sh -c "$2" & wait`, "sh", setsid, text)
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			await(t, "the command begins", func() bool { _, err := os.Stat(file); return err == nil })
			if err := server.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = server.Wait() // it was killed
			numbers, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, number := range strings.Fields(string(numbers)) {
				await(t, "process "+number+" has ended", func() bool {
					stat, err := os.ReadFile("/proc/" + number + "/stat")
					return err != nil || strings.Contains(string(stat), ") Z ")
				})
			}
		})
	}
}

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after 20 s: %s", what)
		}
	}
}
