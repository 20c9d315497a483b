package artifact_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
)

func TestOpen(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	dir := artifacttest.Tree(t, ref)
	big(t, dir)
	path := artifacttest.Pack(t, dir, artifacttest.Info(ref))
	a, err := artifact.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if a.Ref() != ref || a.Path() != path || a.Info().Links["bin/python3"] != "python3.13" || len(a.Info().Files) == 0 {
		t.Errorf("ref %s, path %s, info %+v", a.Ref(), a.Path(), a.Info())
	}
	for range 2 { // a walk does not disturb another
		seen := map[string]bool{}
		err = a.Walk(t.Context(), func(e artifact.Entry) error {
			seen[e.Path] = true
			switch {
			case e.Path == "." && !e.Mode.IsDir(),
				e.Path == "bin/python3" && (e.Mode.Type() != fs.ModeSymlink || e.Target != "python3.13"),
				e.Path == "bin/python3.13" && (e.Mode != 0o755 || int64(len(e.Content)) != e.Size):
				t.Errorf("entry %+v", e)
			}
			return nil
		})
		if err != nil || !seen["."] || !seen["bin/python3"] || !seen["bin/python3.13"] || !seen["share/c"] {
			t.Errorf("error %v, seen %v", err, seen)
		}
	}
	enough := errors.New("enough")
	if err := a.Walk(t.Context(), func(artifact.Entry) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("error %v, wanted that of the function", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := artifact.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: error %v, wanted fs.ErrNotExist", err)
	}
	for _, b := range artifacttest.Breaks() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			a, err := artifact.Open(b.Make(t))
			var format *artifact.FormatError
			if err != nil {
				if !errors.As(err, &format) {
					t.Errorf("error %v, wanted a FormatError", err)
				}
				return
			}
			defer a.Close()
			err = a.Walk(t.Context(), func(artifact.Entry) error { return nil })
			if (b.ID == "S03" || b.ID == "S04") && !errors.As(err, &format) {
				t.Errorf("walked with error %v, wanted a FormatError", err)
			}
		})
	}
}

func TestBuildInfoRoundTrip(t *testing.T) {
	for _, info := range []artifact.BuildInfo{artifacttest.Info(artifacttest.Ref(t, "3.13.5t")), {Schema: artifact.Schema}} {
		text, err := info.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := artifact.ParseBuildInfo(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := got.Encode()
		if err != nil || string(again) != string(text) {
			t.Errorf("got %s, error %v\nwant %s", again, err, text)
		}
		if info.Files != nil && !reflect.DeepEqual(got, info) {
			t.Errorf("got  %+v\nwant %+v", got, info)
		}
	}
}

func FuzzParseBuildInfo(f *testing.F) {
	text, err := artifacttest.Info(artifacttest.Ref(f, "3.13.5")).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"schema": 1}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		info, err := artifact.ParseBuildInfo(text)
		if err != nil {
			return
		}
		if again, err := info.Encode(); err != nil || string(again) != string(text) {
			t.Errorf("got %q, error %v", again, err)
		}
		_ = info.Validate()
	})
}
