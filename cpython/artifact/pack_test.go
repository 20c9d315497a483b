package artifact_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
)

// big adds files to a tree, so that it takes several blocks.
func big(t testing.TB, dir string) {
	t.Helper()
	random := uint64(1)
	for _, name := range []string{"a", "b", "c"} {
		content := make([]byte, 380_000)
		for i := range content {
			random = random*6364136223846793005 + 1442695040888963407
			content[i] = byte(random >> 58)
		}
		artifacttest.Write(t, filepath.Join(dir, "share", name), string(content), 0o644)
	}
}

func TestPackDeterministic(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	var want []byte
	for _, concurrency := range []int{1, 3} {
		dir := artifacttest.Tree(t, ref)
		big(t, dir)
		var b bytes.Buffer
		packed, err := artifact.PackOptions{Concurrency: concurrency}.Pack(t.Context(), &b, dir, artifacttest.Info(ref))
		if err != nil {
			t.Fatal(err)
		}
		if packed.Size != int64(b.Len()) {
			t.Errorf("size %d, wanted %d", packed.Size, b.Len())
		}
		if want == nil {
			want = b.Bytes()
		} else if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("concurrency %d gives other bytes", concurrency)
		}
	}
}

func TestPackReadByLibrary(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	dir := artifacttest.Tree(t, ref)
	big(t, dir)
	long := strings.Repeat("folder_with_a_long_name/", 9) + strings.Repeat("x", 120)
	artifacttest.Write(t, filepath.Join(dir, long), "long", 0o644)
	artifacttest.Write(t, filepath.Join(dir, "share/naïve"), "not ASCII", 0o644)
	artifacttest.Link(t, filepath.Join(dir, "share/ünder"), "naïve")
	artifacttest.Link(t, filepath.Join(dir, "share/long"), "../"+long)
	path := artifacttest.Pack(t, dir, artifacttest.Info(ref))
	if report := verify(t, path, artifact.VerifyOptions{Level: artifact.Static}); !report.OK() {
		t.Fatalf("%s", text(t, report))
	}

	var names []string
	for _, f := range artifacttest.Load(t, path) {
		h := f.Header
		names = append(names, h.Name)
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.ModTime.Unix() != 1749656217 {
			t.Errorf("%s: owner %d:%d %q %q, time %s", h.Name, h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime)
		}
		below := strings.TrimPrefix(h.Name, "python-3.13.5/")
		if h.Typeflag != tar.TypeReg || below == artifact.BuildInfoName {
			continue
		}
		want, err := os.ReadFile(filepath.Join(dir, below))
		if err != nil || !bytes.Equal(f.Body, want) {
			t.Errorf("%s: other content, or error %v", below, err)
		}
	}
	if names[0] != "python-3.13.5/build-info.json" || names[1] != "python-3.13.5/" || !slices.IsSorted(names[1:]) {
		t.Errorf("order is %q", names)
	}
	for _, want := range []string{long, "share/naïve", "share/ünder", "share/long"} {
		if !slices.Contains(names, "python-3.13.5/"+want) {
			t.Errorf("%s is not in the archive", want)
		}
	}
}

// The library's packer writes the same headers, where it writes plain USTAR.
func TestPackStreamIsUSTAR(t *testing.T) {
	path := artifacttest.Make(t)
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(artifacttest.Tar(t, artifacttest.Load(t, path)), artifacttest.Decompress(t, packed)) {
		t.Error("archive/tar writes another tar stream")
	}
}

func TestPackOneMember(t *testing.T) {
	packed, err := os.ReadFile(artifacttest.Make(t))
	if err != nil {
		t.Fatal(err)
	}
	r := bytes.NewReader(packed)
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	if _, err := io.Copy(io.Discard, z); err != nil || r.Len() != 0 {
		t.Errorf("error %v, %d bytes after the member", err, r.Len())
	}
	if z.Name != "" || !z.ModTime.IsZero() || !strings.Contains(string(z.Extra), "klauspost") {
		t.Errorf("name %q, time %s, extra %q", z.Name, z.ModTime, z.Extra)
	}
}

// Whoever has tar, Python or Node unpacks an artifact with it.
func TestPackReadByPrograms(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	dir := artifacttest.Tree(t, ref)
	big(t, dir)
	artifacttest.Write(t, filepath.Join(dir, strings.Repeat("long/", 50)+"name"), "long", 0o644)
	path := artifacttest.Pack(t, dir, artifacttest.Info(ref))
	for _, program := range [][]string{
		{"tar", "xzf", path},
		{"bsdtar", "xzf", path},
		{"busybox", "tar", "xzf", path},
		{"python3", "-c", "import sys, tarfile; tarfile.open(sys.argv[1]).extractall()", path},
		{"node", "-e", `const z = require("zlib"), fs = require("fs");
			const {spawnSync} = require("child_process");
			const r = spawnSync("tar", ["xf", "-"], {input: z.gunzipSync(fs.readFileSync(process.argv[1]))});
			process.exit(r.status)`, path},
	} {
		t.Run(program[0], func(t *testing.T) {
			if _, err := exec.LookPath(program[0]); err != nil {
				t.Skipf("%s is not installed", program[0])
			}
			into := t.TempDir()
			cmd := exec.CommandContext(t.Context(), program[0], program[1:]...)
			cmd.Dir = into
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			} else if len(out) > 0 {
				t.Errorf("it has something to say: %s", out)
			}
			if want, got := listing(t, dir), listing(t, filepath.Join(into, "python-3.13.5")); !maps.Equal(got, want) {
				t.Errorf("unpacked %q\nwanted %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			}
		})
	}
}

// listing returns what is in a folder, by path, without build-info.json.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == filepath.Join(dir, artifact.BuildInfoName) {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		var content []byte
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			var target string
			target, err = os.Readlink(name)
			content = []byte(target)
		case d.Type().IsRegular():
			content, err = os.ReadFile(name)
		}
		found[rel] = d.Type().String() + string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestPackRefuses(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	for _, test := range []struct {
		name string
		tree func(t *testing.T, dir string)
		info func(*artifact.BuildInfo)
		want []string
	}{
		{"links", func(t *testing.T, dir string) {
			artifacttest.Link(t, filepath.Join(dir, "one"), "/etc/passwd")
			artifacttest.Link(t, filepath.Join(dir, "two"), "../x")
			artifacttest.Link(t, filepath.Join(dir, "three"), "nothing")
		}, nil, []string{"one", "absolute", "two", "out of the tree", "three", "nothing"}},
		{"names", func(t *testing.T, dir string) {
			artifacttest.Write(t, filepath.Join(dir, "License"), "", 0o644)
			artifacttest.Write(t, filepath.Join(dir, "a\\b"), "", 0o644)
		}, nil, []string{"License", "case", "backslash"}},
		{"a prefix file that is not there", nil, func(b *artifact.BuildInfo) { b.PrefixFiles = append(b.PrefixFiles, "none") }, []string{"none"}},
		{"a prefix file without the prefix", nil, func(b *artifact.BuildInfo) { b.PrefixFiles = append(b.PrefixFiles, "LICENSE") }, []string{"LICENSE", "/opt/python-3.13.5"}},
		{"a prefix file with the placeholder", func(t *testing.T, dir string) {
			artifacttest.Write(t, filepath.Join(dir, "both"), "/opt/python-3.13.5"+artifact.PrefixPlaceholder, 0o644)
		}, func(b *artifact.BuildInfo) { b.PrefixFiles = append(b.PrefixFiles, "both") }, []string{"both", artifact.PrefixPlaceholder}},
		{"an empty build-info", nil, func(b *artifact.BuildInfo) { *b = artifact.BuildInfo{} }, []string{"schema", "ref", "source.sha256", "source.date", "optimize", "prefix"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, info := artifacttest.Tree(t, ref), artifacttest.Info(ref)
			if test.name == "names" && runtime.GOOS == "darwin" {
				t.Skip("the file system does not tell the names apart")
			}
			if test.tree != nil {
				test.tree(t, dir)
			}
			if test.info != nil {
				test.info(&info)
			}
			var out bytes.Buffer
			_, err := artifact.Pack(t.Context(), &out, dir, info)
			if err == nil || out.Len() > 0 {
				t.Fatalf("error %v, %d bytes written", err, out.Len())
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not hold %q", err, want)
				}
			}
		})
	}
}

func TestPackCancelled(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	dir := artifacttest.Tree(t, ref)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := artifact.Pack(ctx, io.Discard, dir, artifacttest.Info(ref)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, wanted context.Canceled", err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestPackFullDisk(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	if _, err := artifact.Pack(t.Context(), fullDisk{}, artifacttest.Tree(t, ref), artifacttest.Info(ref)); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("error %v, wanted the writer's", err)
	}
}
