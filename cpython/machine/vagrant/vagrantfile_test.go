package vagrant

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGoldenVagrantfile(t *testing.T) {
	for name, m := range map[string]*Machine{
		"default":    {},
		"virtualbox": {Provider: "virtualbox", Box: "debian/bookworm64", Memory: 8192, CPUs: 8},
		"libvirt":    {Provider: "libvirt", Box: "generic/ubuntu2004"},
		"docker":     {Provider: "docker", Image: "example/sshd:1", Memory: 2048, CPUs: 2},
	} {
		if err := m.validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got, file := m.vagrantfile(), filepath.Join("testdata", name+".Vagrantfile")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(string(want), "\r\n", "\n"); got != want {
			t.Errorf("%s: Vagrantfile is\n%s\nwant\n%s", name, got, want)
		}
	}
}

var hostile = []string{
	"", "ubuntu/focal64", `a"b`, `a\`, `\"`, "#{exit 9}", "#$0", "#@x", "line\nbreak", "\r\n", "tab\t", "nul\x00", "\x1a__END__",
	"größe 日本語", "\xff\xfe", "'", "%{x}", "`id`", "\u2028", "\ufeff", "\ufffd",
}

// TestRubyQuoting asks Ruby itself, where there is one, and else that nothing
// of the literal can end it.
func TestRubyQuoting(t *testing.T) {
	for _, text := range hostile {
		literal := ruby(text)
		inner := strings.NewReplacer(`\\`, "", `\"`, "", `\#`, "").Replace(literal[1 : len(literal)-1])
		if strings.ContainsAny(inner, "\"#\n\r\x00\x1a") {
			t.Errorf("ruby(%q) = %s", text, literal)
		}
		if _, err := exec.LookPath("ruby"); err != nil {
			continue
		}
		cmd := exec.Command("ruby", "-E", "UTF-8:UTF-8", "-")
		cmd.Stdin = strings.NewReader("$stdout.binmode; $stdout.write(" + literal + ")\n")
		if got, err := cmd.Output(); err != nil || string(got) != text {
			t.Errorf("Ruby reads %s as %q, %v, want %q", literal, got, err, text)
		}
	}
}

func FuzzRuby(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := unquoteRuby(t, ruby(text)); got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}

// unquoteRuby reads a literal with the three kinds of escape that ruby writes.
func unquoteRuby(t *testing.T, literal string) string {
	inner, ok := strings.CutPrefix(literal, `"`)
	inner, ok2 := strings.CutSuffix(inner, `"`)
	if !ok || !ok2 {
		t.Fatalf("%s is not in quotes", literal)
	}
	var b strings.Builder
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; {
		case c == '"' || c == '#' || c < ' ':
			t.Fatalf("%s holds a bare %q", literal, c)
		case c != '\\':
			b.WriteByte(c)
		case inner[i+1] == 'x':
			b.WriteByte(unhex(inner[i+2])<<4 | unhex(inner[i+3]))
			i += 3
		default:
			b.WriteByte(inner[i+1])
			i++
		}
	}
	return b.String()
}

func unhex(c byte) byte { return byte(strings.IndexByte("0123456789ABCDEF", c)) }

func TestVagrantfileIsKept(t *testing.T) {
	other := (&Machine{Memory: 1024}).vagrantfile()
	for _, row := range []struct {
		name, before string
		wantOurs     bool // brought up to date
	}{
		{"none", "", true},
		{"ours", (&Machine{}).vagrantfile(), true},
		{"ours, other settings", other, true},
		{"ours, ends of lines of Windows", strings.ReplaceAll(other, "\n", "\r\n"), true},
		{"ours, changed", strings.Replace(other, "1024", "1025", 1), false},
		{"ours, a line added", other + "# mine\n", false},
		{"ours, digest gone", strings.Replace(other, mark, "# ", 1), false},
		{"somebody else's", "Vagrant.configure(\"2\") { |c| c.vm.box = \"x\" }\n", false},
		{"empty", " ", false},
	} {
		for _, base := range []string{"Vagrantfile", "vagrantfile"} {
			m := New(filepath.Join(t.TempDir(), "new"))
			file := filepath.Join(m.Dir, base)
			if row.before != "" {
				if err := os.Mkdir(m.Dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(row.before), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if base == "vagrantfile" {
				continue
			}
			if err := m.writeVagrantfile(); err != nil {
				t.Fatal(err)
			}
			want := row.before
			if row.wantOurs && strings.ReplaceAll(want, "\r\n", "\n") != m.vagrantfile() {
				want = m.vagrantfile()
			}
			if got, err := os.ReadFile(file); err != nil || string(got) != want {
				t.Errorf("%s: %s is %v\n%s\nwant\n%s", row.name, base, err, got, want)
			}
			if files, _ := os.ReadDir(m.Dir); len(files) != 1 {
				t.Errorf("%s: %d files in the folder, want one", row.name, len(files))
			}
		}
	}
}

func TestValidate(t *testing.T) {
	m := &Machine{Memory: -1, CPUs: -1, Provider: "vmware", Image: "x"}
	err := m.validate()
	for _, want := range []string{"memory is -1 MB", "number of CPUs is -1", `provider is "vmware"`, "docker provider only"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("validate() = %v, want it to say %q", err, want)
		}
	}
	if err := (&Machine{Provider: "docker"}).validate(); err == nil {
		t.Error("the docker provider without an image is no error")
	}
}
