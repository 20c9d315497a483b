package lab

import (
	"io"
	"strings"
	"testing"
)

func TestParseMirrors(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       mirrors
	}{
		{"both", "http://mirror.example/debian/ bookworm\nhttp://mirror.example/debian/ bookworm-updates\nhttp://sec.example/debian-security/ bookworm-security\n",
			mirrors{"http://mirror.example/debian", "http://sec.example/debian-security"}},
		{"main alone", "https://mirror.example/x/debian trixie\n", mirrors{"https://mirror.example/x/debian", ""}},
		{"others as well", "https://packages.example/node nodistro\nhttp://mirror.example/debian/ trixie\nhttp://second.example/debian/ trixie\n",
			mirrors{"http://mirror.example/debian", ""}},
		{"none", "http://mirror.example/ubuntu/ noble\n\n", mirrors{}},
	} {
		if got := parseMirrors(test.text); got != test.want {
			t.Errorf("%s: %+v, wanted %+v", test.name, got, test.want)
		}
	}
}

func TestSources(t *testing.T) {
	m := mirrors{"http://mirror.example/debian", "http://sec.example/debian-security"}
	if got, want := m.sources("bullseye", false), "deb http://mirror.example/debian bullseye main\n"; got != want {
		t.Errorf("%q, wanted %q", got, want)
	}
	if got := m.sources("trixie", true); !strings.HasSuffix(got, "\ndeb http://sec.example/debian-security trixie-security main\n") {
		t.Errorf("%q lacks the security updates", got)
	}
}

func TestNetwork(t *testing.T) {
	for names, want := range map[string]string{"bridge\nhost\nnone\n": "", "host\nnone\n": "host", "my-bridge\nhost\n": "host"} {
		if got := network(names); got != want {
			t.Errorf("of %q: %q, wanted %q", names, got, want)
		}
	}
}

func TestImageRefusesWhatIsNoSuite(t *testing.T) {
	for _, suite := range []string{"", "../etc", "-v", "Bookworm", "debian:12"} {
		if _, err := Image(t.Context(), io.Discard, suite); err == nil || !strings.Contains(err.Error(), "no suite") {
			t.Errorf("Image(%q) = %v", suite, err)
		}
	}
}
