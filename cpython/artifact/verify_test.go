package artifact_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
)

func verify(t testing.TB, path string, opts artifact.VerifyOptions) *cpython.Report {
	t.Helper()
	opts.TempDir = t.TempDir()
	report, err := artifact.Verify(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(opts.TempDir)
	if err != nil || len(left) > 0 {
		t.Errorf("%d files left in the temporary folder, error %v", len(left), err)
	}
	return report
}

func text(t testing.TB, report *cpython.Report) string {
	t.Helper()
	var b strings.Builder
	if err := report.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// ids returns the IDs with the status, each once.
func ids(report *cpython.Report, status cpython.Status) []string {
	var list []string
	for _, f := range report.Findings {
		if f.Status == status && !slices.Contains(list, f.ID) {
			list = append(list, f.ID)
		}
	}
	return list
}

func TestVerifyValid(t *testing.T) {
	for _, version := range []string{"3.13.5", "3.13.5t", "3.14.0rc1", "3.11.2"} {
		t.Run(version, func(t *testing.T) {
			ref := artifacttest.Ref(t, version)
			path := artifacttest.Pack(t, artifacttest.Tree(t, ref), artifacttest.Info(ref))
			report := verify(t, path, artifact.VerifyOptions{Level: artifact.Static})
			if !report.OK() || report.Count(cpython.Pass) != len(report.Findings) {
				t.Errorf("static:\n%s", text(t, report))
			}
			if last := text(t, report); !strings.Contains(last, "[SUCCESS]") {
				t.Errorf("report does not end in [SUCCESS]:\n%s", last)
			}
			report = verify(t, path, artifact.VerifyOptions{})
			for _, f := range report.Findings {
				if f.ID == "D01" && f.Status == cpython.Skip && report.OK() {
					t.Skip("the interpreter cannot run: " + f.Message)
				}
			}
			if !report.OK() || report.Count(cpython.Skip) > 0 {
				t.Errorf("full:\n%s", text(t, report))
			}
		})
	}
}

func TestVerifyBroken(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range artifacttest.Breaks() {
		if seen[b.Name] {
			t.Errorf("two breaks are called %q", b.Name)
		}
		seen[b.Name] = true
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			trusted := slices.Contains([]string{"S01", "S02", "S03", "S04", "S05", "S06"}, b.ID)
			level := artifact.Static
			if trusted {
				level = artifact.Full // executes nothing, whoever asks
			}
			report := verify(t, b.Make(t), artifact.VerifyOptions{Level: level})
			if report.OK() || !slices.Contains(ids(report, cpython.Fail), b.ID) {
				t.Errorf("%s does not fail:\n%s", b.ID, text(t, report))
			}
			if trusted && len(ids(report, cpython.Pass)) > 0 {
				for _, f := range report.Findings {
					if strings.HasPrefix(f.ID, "D") && f.Status != cpython.Skip {
						t.Errorf("something of it was executed:\n%s", text(t, report))
					}
				}
			}
		})
	}
}

// What the old shell scripts made has no build-info: one clear finding.
func TestVerifyForeign(t *testing.T) {
	path := artifacttest.Make(t)
	files := artifacttest.Load(t, path)[1:]
	for i := range files {
		files[i].Header.Uname, files[i].Header.Mode = "vagrant", files[i].Header.Mode|0o020
	}
	artifacttest.Store(t, path, artifacttest.Archive(t, files))
	report := verify(t, path, artifact.VerifyOptions{})
	if got := ids(report, cpython.Fail); len(got) != 1 || got[0] != "S06" || report.Count(cpython.Fail) != 1 || len(report.Findings) > 3 {
		t.Errorf("wanted one finding, S06:\n%s", text(t, report))
	}
}

func TestVerifyDynamic(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the interpreter cannot run here")
	}
	ref := artifacttest.Ref(t, "3.13.5")
	interpreter := func(from, to string) func(testing.TB, string) {
		return func(t testing.TB, dir string) {
			name := filepath.Join(dir, "bin/python3.13")
			script, err := os.ReadFile(name)
			if err != nil || !strings.Contains(string(script), from) {
				t.Fatalf("%q is not in the interpreter, error %v", from, err)
			}
			artifacttest.Write(t, name, strings.Replace(string(script), from, to, 1), 0o755)
		}
	}
	for _, test := range []struct {
		name, id, message string
		tree              func(testing.TB, string)
	}{
		{"another version", "D01", "another version", interpreter(`\"3.13.5\"`, `\"3.13.4\"`)},
		{"another prefix", "D01", "another prefix", interpreter(`\"prefix\": \"$here\"`, `\"prefix\": \"/usr\"`)},
		{"debug build", "D01", "debug build", interpreter(`\"debug\": false`, `\"debug\": true`)},
		{"no answer", "D01", "does not say", interpreter(`echo "{`, `echo "`)},
		{"does not start", "D01", "does not run", interpreter("#!/bin/sh", "#!/nonexistent")},
		{"crash", "D01", "exit code 134", interpreter("case", "echo no luck >&2; exit 134\ncase")},
		{"module cannot be imported", "D04", "_ssl", func(t testing.TB, dir string) {
			artifacttest.Write(t, filepath.Join(dir, "share/broken"), "_ssl\n", 0o644)
		}},
		{"pip of another tree", "D06", "not the tree's own", interpreter("from $here", "from /usr")},
		{"probe finds something", "D02", "cannot do sums", interpreter("echo done", `printf 'fail\tsums\tcannot do sums\ndone\n'`)},
		{"probe fails", "D03", "exit code 9", interpreter("echo done", "exit 9")},
		{"probe stops early", "D05", "does not come to its end", interpreter("echo done", ":")},
		{"pip fails", "D06", "exit code 3", interpreter(`echo "pip`, `exit 3; echo "pip`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := artifacttest.Tree(t, ref)
			test.tree(t, dir)
			report := verify(t, artifacttest.Pack(t, dir, artifacttest.Info(ref)), artifact.VerifyOptions{Level: artifact.Full})
			if got := ids(report, cpython.Fail); !slices.Contains(got, test.id) || !strings.Contains(text(t, report), test.message) {
				t.Errorf("wanted %s to fail and say %q:\n%s", test.id, test.message, text(t, report))
			}
		})
	}
}

func TestVerifyOtherArchitecture(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	ref.Platform.Arch = map[string]string{"amd64": "arm64", "arm64": "amd64"}[ref.Platform.Arch]
	path := artifacttest.Pack(t, artifacttest.Tree(t, ref), artifacttest.Info(ref))
	report := verify(t, path, artifact.VerifyOptions{})
	if got := ids(report, cpython.Skip); !slices.Equal(got, []string{"D01", "D02", "D03", "D04", "D05", "D06", "D07", "D08"}) {
		t.Errorf("skipped %v, wanted the dynamic checks:\n%s", got, text(t, report))
	}
	if got := ids(report, cpython.Fail); !slices.Equal(got, []string{"S02", "S10"}) { // the tree is of the host's architecture
		t.Errorf("failed %v, wanted S02 and S10:\n%s", got, text(t, report))
	}
}

func TestVerifyOptions(t *testing.T) {
	path := artifacttest.Make(t)
	digest, err := artifact.ReadSidecar(path)
	if err != nil {
		t.Fatal(err)
	}
	blob := filepath.Join(t.TempDir(), "blob")
	if err := os.Rename(path, blob); err != nil {
		t.Fatal(err)
	}
	report := verify(t, blob, artifact.VerifyOptions{Level: artifact.Quick, SHA256: digest, Name: filepath.Base(path)})
	if !report.OK() {
		t.Errorf("digest and name given:\n%s", text(t, report))
	}
	report = verify(t, blob, artifact.VerifyOptions{Level: artifact.Quick, SHA256: strings.Repeat("0", 64), Name: filepath.Base(path)})
	if got := ids(report, cpython.Fail); !slices.Equal(got, []string{"S01"}) {
		t.Errorf("wrong digest given: failed %v, wanted S01", got)
	}
	if _, err := artifact.Verify(t.Context(), filepath.Join(t.TempDir(), "none"), artifact.VerifyOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: error %v, wanted fs.ErrNotExist", err)
	}
	if _, err := artifact.Verify(t.Context(), t.TempDir(), artifact.VerifyOptions{}); err == nil {
		t.Error("a folder: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := artifact.Verify(ctx, blob, artifact.VerifyOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v, wanted context.Canceled", err)
	}
}

func TestLevel(t *testing.T) {
	for _, l := range []artifact.Level{artifact.Quick, artifact.Static, artifact.Full, artifact.Deep} {
		if got, err := artifact.ParseLevel(l.String()); got != l || err != nil {
			t.Errorf("ParseLevel(%q) = %v, %v", l, got, err)
		}
	}
	if _, err := artifact.ParseLevel("some"); err == nil {
		t.Error(`ParseLevel("some"): no error`)
	}
}

// A report says the same every time.
func TestVerifyTwice(t *testing.T) {
	b := artifacttest.Breaks()[0]
	path := b.Make(t)
	first, second := verify(t, path, artifact.VerifyOptions{Level: artifact.Static}), verify(t, path, artifact.VerifyOptions{Level: artifact.Static})
	if got, want := fmt.Sprint(second.Findings), fmt.Sprint(first.Findings); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
