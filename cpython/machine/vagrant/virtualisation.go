package vagrant

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkVirtualisation looks whether the processor helps with virtual machines.
// Without that they run many times slower, or not at all, so it warns.
func checkVirtualisation(root fs.FS, system string) cpython.Finding {
	f := cpython.Finding{ID: "virtualisation", Subject: "/proc/cpuinfo"}
	if system != "linux" {
		f.Status, f.Message = cpython.Skip, "virtualisation by the processor is looked at on Linux only"
		return f
	}
	if _, err := fs.Stat(root, "dev/kvm"); err == nil {
		f.Status, f.Subject, f.Message = cpython.Pass, "/dev/kvm", "the processor's virtualisation can be used"
		return f
	}
	text, err := fs.ReadFile(root, "proc/cpuinfo")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.Status, f.Message, f.Found = cpython.Skip, "the processor's abilities cannot be read", err.Error()
		return f
	}
	flags := strings.Fields(string(text))
	if slices.Contains(flags, "vmx") || slices.Contains(flags, "svm") {
		f.Status, f.Message = cpython.Pass, "the processor has virtualisation (VT-x or AMD-V)"
		return f
	}
	f.Status, f.Message = cpython.Warn, "no virtualisation by the processor: a virtual machine will be very slow, or not start"
	f.Found, f.Wanted = "neither /dev/kvm nor vmx or svm", "VT-x or AMD-V"
	f.Fix = "turn on VT-x or AMD-V in the firmware; on a virtual host, nested virtualisation; or use the docker provider"
	return f
}
