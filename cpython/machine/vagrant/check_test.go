package vagrant

import (
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

func TestParseVersion(t *testing.T) {
	for _, row := range []struct {
		text string
		want version
		full string
	}{
		{"Vagrant 2.3.4\n", version{2, 3}, "2.3.4"},
		{"7.0.14r161095\n", version{7, 0}, "7.0.14r161095"},
		{"6.1.50_Ubuntur161033", version{6, 1}, "6.1.50_Ubuntur161033"},
		{"WARNING: The character device /dev/vboxdrv does not exist.\n\t 1.2.3 is no answer here\n6.1.0r1\n", version{6, 1}, "6.1.0r1"},
		{"Vagrant 10.0", version{10, 0}, "10.0"},
	} {
		if got, full, ok := parseVersion(row.text); !ok || got != row.want || full != row.full {
			t.Errorf("parseVersion(%q) = %v, %q, %v, want %v, %q", row.text, got, full, ok, row.want, row.full)
		}
	}
	for _, text := range []string{"", "Vagrant", "2", "99999999999.1"} {
		if got, full, ok := parseVersion(text); ok {
			t.Errorf("parseVersion(%q) = %v, %q, want none", text, got, full)
		}
	}
	for _, row := range []struct {
		v    version
		want bool
	}{{version{2, 2}, true}, {version{1, 9}, true}, {version{2, 3}, false}, {version{2, 10}, false}, {version{3, 0}, false}} {
		if got := row.v.less(version{2, 3}); got != row.want {
			t.Errorf("%v.less(2.3) = %v", row.v, got)
		}
	}
}

func TestVirtualisation(t *testing.T) {
	cpu := func(flags string) fstest.MapFS {
		return fstest.MapFS{"proc/cpuinfo": {Data: []byte("model name\t: x\nflags\t\t: fpu vme " + flags + "\n")}}
	}
	for _, row := range []struct {
		name   string
		root   fstest.MapFS
		system string
		want   cpython.Status
	}{
		{"kvm", fstest.MapFS{"dev/kvm": {}}, "linux", cpython.Pass},
		{"Intel", cpu("vmx"), "linux", cpython.Pass},
		{"AMD", cpu("svm"), "linux", cpython.Pass},
		{"none", cpu("vmxoff"), "linux", cpython.Warn},
		{"no proc", fstest.MapFS{}, "linux", cpython.Warn},
		{"other system", nil, "darwin", cpython.Skip},
	} {
		if f := checkVirtualisation(row.root, row.system); f.Status != row.want || f.ID != "virtualisation" || f.Message == "" || (f.Status == cpython.Warn) != (f.Fix != "") {
			t.Errorf("%s: %+v, want %s", row.name, f, row.want)
		}
	}
	if f := checkVirtualisation(cpu(""), runtime.GOOS); f.Required {
		t.Error("a virtual machine may be slow")
	}
}
