package cpython_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// Texts of os-release as the distributions have them, cut to what matters and
// some of what could disturb.
const (
	debian12 = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
`
	debianSid = `PRETTY_NAME="Debian GNU/Linux trixie/sid"
NAME="Debian GNU/Linux"
VERSION_CODENAME=trixie
ID=debian
HOME_URL="https://www.debian.org/"
`
	ubuntu2004 = `NAME="Ubuntu"
VERSION="20.04.6 LTS (Focal Fossa)"
ID=ubuntu
ID_LIKE=debian
PRETTY_NAME="Ubuntu 20.04.6 LTS"
VERSION_ID="20.04"
UBUNTU_CODENAME=focal
`
	fedora = `NAME="Fedora Linux"
VERSION="40 (Container Image)"
ID=fedora
VERSION_ID=40
PLATFORM_ID="platform:f40"
`
	leap = `NAME="openSUSE Leap"
VERSION="15.6"
ID="opensuse-leap"
ID_LIKE="suse opensuse"
VERSION_ID="15.6"
`
	tumbleweed = `NAME="openSUSE Tumbleweed"
ID="opensuse-tumbleweed"
VERSION_ID="20240911"
`
	alpine = `NAME="Alpine Linux"
ID=alpine
VERSION_ID=3.20.1
PRETTY_NAME="Alpine Linux v3.20"
`
	alpineEdge = `NAME="Alpine Linux"
ID=alpine
VERSION_ID=3.21_alpha20240923
`
	arch = `NAME="Arch Linux"
ID=arch
BUILD_ID=rolling
`
	amazon = `NAME="Amazon Linux"
VERSION="2023"
ID="amzn"
ID_LIKE="fedora"
VERSION_ID="2023"
`
	rockyCRLF = "# a comment with ID=other in it\r\n\r\nNAME='Rocky Linux'\r\nID=\"rocky\"  # as in a shell\r\n" +
		"#VERSION_ID=1\r\n  VERSION_ID='9.4'\r\nID_LIKE=\"rhel centos fedora\"\r\nno assignment\r\n"
)

func TestParsePlatform(t *testing.T) {
	for _, test := range []struct {
		name, osRelease, machine string
		want, distribution, libc string
	}{
		{"Debian 12", debian12, "x86_64", "debian12", "debian", "glibc"},
		{"Debian 12 on ARM", debian12, "aarch64\n", "debian12-arm64", "debian", "glibc"},
		{"Debian sid", debianSid, "x86_64", "debian", "debian", "glibc"},
		{"Ubuntu 20.04", ubuntu2004, "x86_64", "ubuntu20.04", "ubuntu", "glibc"},
		{"Fedora", fedora, "ppc64le", "fedora40-ppc64le", "fedora", "glibc"},
		{"openSUSE Leap", leap, "x86_64", "opensuseleap15.6", "opensuseleap", "glibc"},
		{"openSUSE Tumbleweed", tumbleweed, "x86_64", "opensusetumbleweed20240911", "opensusetumbleweed", "glibc"},
		{"Alpine", alpine, "x86_64", "alpine3.20.1", "alpine", "musl"},
		{"Alpine edge", alpineEdge, "x86_64", "alpine3.21alpha20240923", "alpine", "musl"},
		{"Arch", arch, "x86_64", "arch", "arch", "glibc"},
		{"Amazon Linux", amazon, "arm64", "amzn2023-arm64", "amzn", "glibc"},
		{"Rocky with CRLF, quotes, comments", rockyCRLF, "s390x\r\n", "rocky9.4-s390x", "rocky", "glibc"},
		{"escapes", `ID="de\bian"` + "\nVERSION_ID=1\\2 # no more\n", "x86_64", "debian12", "debian", "glibc"},
		{"no newline at the end", "ID=debian\nVERSION_ID=12", "x86_64", "debian12", "debian", "glibc"},
		{"the last one counts", "ID=debian\nID=ubuntu\n", "x86_64", "ubuntu", "ubuntu", "glibc"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := cpython.ParsePlatform(test.osRelease, test.machine)
			if err != nil || got.String() != test.want {
				t.Fatalf("got %v, %v, wanted %s", got, err, test.want)
			}
			if got.Distribution() != test.distribution || got.Libc() != test.libc {
				t.Errorf("is %s with %s, wanted %s with %s", got.Distribution(), got.Libc(), test.distribution, test.libc)
			}
			if named, err := cpython.PlatformNamed(test.want); err != nil || named != got {
				t.Errorf("its text is read as %#v, %v, wanted %#v", named, err, got)
			}
		})
	}
}

func TestParsePlatformErrors(t *testing.T) {
	for _, test := range []struct {
		name, osRelease, machine string
		kind, want               string
	}{
		{"empty", "", "x86_64", "os-release", "no ID="},
		{"no ID", "NAME=Debian\nVERSION_ID=12\n", "x86_64", "os-release", "no ID="},
		{"empty ID", "ID=\"\"\n", "x86_64", "os-release", "no ID="},
		{"odd ID", "ID=\"../x\"\n", "x86_64", "os-release", "do not make a platform name"},
		{"upper case", "ID=Debian\n", "x86_64", "os-release", "do not make a platform name"},
		{"odd release", "ID=debian\nVERSION_ID=\"12 stable\"\n", "x86_64", "os-release", "do not make a platform name"},
		{"unknown machine", debian12, "pdp11", "machine", "wanted one of"},
		{"no machine", debian12, "", "machine", "wanted one of"},
		{"Go's 32 bits", debian12, "amd64p32", "machine", "x86_64"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := cpython.ParsePlatform(test.osRelease, test.machine)
			parse := (*cpython.ParseError)(nil)
			if !errors.As(err, &parse) || parse.Kind != test.kind || !strings.Contains(parse.Reason, test.want) {
				t.Errorf("got %v, %v, wanted an error about %s: %s", got, err, test.kind, test.want)
			}
		})
	}
}

func TestPlatformNamed(t *testing.T) {
	for text, want := range map[string]cpython.Platform{
		"debian12":          {OS: "debian12", Arch: "amd64"},
		"debian12-arm64":    {OS: "debian12", Arch: "arm64"},
		"debian12-amd64_v3": {OS: "debian12", Arch: "amd64", Level: "v3"},
		"ubuntu20.04":       {OS: "ubuntu20.04", Arch: "amd64"},
		"opensuseleap15.6":  {OS: "opensuseleap15.6", Arch: "amd64"},
		"arch-riscv64":      {OS: "arch", Arch: "riscv64"},
	} {
		if got, err := cpython.PlatformNamed(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s is read as %#v, %v, wanted %#v", text, got, err, want)
		}
	}
}

func TestPlatformNamedErrors(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
	}{
		{"empty", "", "wanted a distribution"},
		{"flag", "-platform", "wanted a distribution"},
		{"Docker's", "linux/amd64", "wanted a distribution"},
		{"upper case", "Debian12", "wanted a distribution"},
		{"folder", "../debian12", "wanted a distribution"},
		{"dots", "ubuntu20..04", "wanted a distribution"},
		{"dot at the end", "ubuntu20.", "wanted a distribution"},
		{"newline", "debian12\n", "wanted a distribution"},
		{"implied", "debian12-amd64", "amd64 is implied, write debian12"},
		{"uname's", "debian12-x86_64", "unknown architecture"},
		{"hyphen", "opensuse-leap15.6", "unknown architecture"},
		{"no architecture", "debian12-", "unknown architecture"},
		{"baseline", "debian12-amd64_v1", "unknown level"},
		{"level of ARM", "debian12-arm64_v8", "unknown level"},
		{"no level", "debian12-amd64_", "unknown level"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := cpython.PlatformNamed(test.text)
			parse := (*cpython.ParseError)(nil)
			if !errors.As(err, &parse) || parse.Kind != "platform" || !strings.Contains(parse.Reason, test.want) {
				t.Errorf("got %v, %v, wanted %q in it", got, err, test.want)
			}
		})
	}
}

func TestPlatformLiteralThatIsNone(t *testing.T) {
	for name, p := range map[string]cpython.Platform{
		"no architecture": {OS: "debian12"},
		"no distribution": {Arch: "amd64"},
		"level of ARM":    {OS: "debian12", Arch: "arm64", Level: "v3"},
		"hyphen":          {OS: "opensuse-leap15.6", Arch: "amd64"},
	} {
		if text, err := p.MarshalText(); err == nil {
			t.Errorf("%s: was written as %s, wanted an error", name, text)
		}
	}
}

func TestArchitectures(t *testing.T) {
	got := cpython.Architectures()
	if want := slices.Compact(slices.Sorted(slices.Values(got))); !slices.Equal(got, want) || !slices.Contains(got, "amd64") {
		t.Errorf("architectures are %q, wanted them sorted, each once", got)
	}
}

func TestHostPlatform(t *testing.T) {
	got, err := cpython.HostPlatform()
	if runtime.GOOS != "linux" {
		if err == nil || !strings.Contains(err.Error(), "not Linux") {
			t.Errorf("got %v, %v, wanted an error", got, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if named, err := cpython.PlatformNamed(got.String()); err != nil || named != got {
		t.Errorf("this host is %#v, its text is read as %#v, %v", got, named, err)
	}
	if runtime.GOARCH == "amd64" && got.Arch != "amd64" {
		t.Errorf("this host is %s, but runs a program for amd64", got)
	}
}

func ExampleParsePlatform() {
	const osRelease = "NAME=\"openSUSE Leap\"\nID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"\n"
	p, err := cpython.ParsePlatform(osRelease, "aarch64")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p, p.Libc())
	// Output: opensuseleap15.6-arm64 glibc
}
