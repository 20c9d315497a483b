package machinetest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing/iotest"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

func (s *suite) copyKinds() {
	entries := []entry{
		folder("bin", 0o755),
		file("bin/program", 0o755, "#!/bin/sh\nprintf runs\n"),
		hardlink("bin/program2", "bin/program", 0o755),
		symlink("bin/python", "program"),
		file("plain", 0o644, "plain"),
		file("private", 0o600, "private"),
		file("read-only", 0o444, "read only"),
		file("empty", 0o644, ""),
		folder("private-folder", 0o700),
		folder("read-only-folder", 0o555),
		file("read-only-folder/inside", 0o644, "inside"),
		symlink("dangling", "nowhere/at all"),
		symlink("absolute", "/etc/passwd"),
		symlink("link-to-folder", "bin"),
	}
	s.copyIn(s.dir, entries...)
	defer s.copyIn(s.dir, folder("read-only-folder", 0o755)) // so that its owner can remove it
	s.wantEntries(s.copyOut(s.dir), entries...)
	for _, program := range []string{"bin/program", "bin/program2", "bin/python", "link-to-folder/python"} {
		if got := s.output(machine.Cmd{Args: []string{s.dir + "/" + program}}); got != "runs" {
			s.Errorf("%s printed %q, wanted runs", program, got)
		}
	}
	c := shell(`printf "# more\n" >>bin/program2 && exec cat bin/program`)
	c.Dir = s.dir
	if got := s.output(c); !strings.HasSuffix(got, "# more\n") {
		s.Error("what is written through a hard link does not show under the other name")
	}
}

func (s *suite) copyNames() {
	long := strings.Repeat("long name ", 20) // 200 bytes: more than the first tar format has room for
	deep := strings.Repeat("a folder below/", 40) + "file"
	entries := []entry{file(long, 0o644, "long"), file(".hidden", 0o644, "hidden"), file("a:b", 0o644, "colon")}
	for _, text := range s.oddTexts() {
		if text != "" {
			entries = append(entries, file("name"+text+"end", 0o644, text), file(strings.ReplaceAll(text, "/", ""), 0o644, text))
		}
	}
	s.copyIn(s.dir, entries...)
	s.wantEntries(s.copyOut(s.dir), entries...)
	for _, e := range entries {
		if got := s.output(machine.Cmd{Args: []string{"cat", "./" + e.name}, Dir: s.dir}); got != e.body {
			s.Errorf("cat %q printed %q, wanted %q", e.name, got, e.body)
		}
	}
	s.copyIn(s.dir+"-deep", file(deep, 0o644, "deep"))
	if got := s.copyOut(s.dir + "-deep")[deep].body; got != "deep" {
		s.Errorf("file below 40 folders holds %q, wanted deep", got)
	}
}

func (s *suite) copyMany() {
	var entries []entry
	for i := range s.opts.Files {
		if i%100 == 0 {
			entries = append(entries, folder(fmt.Sprintf("d%d", i/100), 0o755))
		}
		entries = append(entries, file(fmt.Sprintf("d%d/file%d", i/100, i), 0o644, fmt.Sprintf("content of %d", i)))
	}
	s.copyIn(s.dir, entries...)
	s.wantEntries(s.copyOut(s.dir), entries...)
}

func (s *suite) copyLarge() {
	r, w := io.Pipe()
	go func() {
		archive := tar.NewWriter(w)
		err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "large", Mode: 0o644, Size: s.opts.Large})
		if err == nil {
			_, err = io.Copy(archive, random(s.opts.Large))
		}
		w.CloseWithError(errors.Join(err, archive.Close()))
	}()
	if err := s.machine.CopyIn(s.Context(), s.dir, r); err != nil {
		s.Fatal(err)
	}
	want, err := summary(random(s.opts.Large))
	if err != nil {
		s.Fatal(err)
	}
	if got := s.copyOut(s.dir + "/large")["large"].body; got != want {
		s.Errorf("the file holds %s, wanted %s", got, want)
	}
}

func (s *suite) copyOver() {
	s.copyIn(s.dir,
		folder("kept", 0o755), file("kept/old", 0o644, "old"),
		file("file", 0o444, "old, and longer"), file("target", 0o644, "target"),
		symlink("link", "target"), file("was-file", 0o644, "file"), folder("was-folder", 0o755))
	after := []entry{
		folder("kept", 0o700), file("kept/new", 0o644, "new"),
		file("file", 0o644, "new"), file("link", 0o644, "no link"),
		symlink("was-file", "kept"), file("was-folder", 0o644, "no folder"),
	}
	s.copyIn(s.dir, after...)
	s.wantEntries(s.copyOut(s.dir), append(after, file("kept/old", 0o644, "old"), file("target", 0o644, "target"))...)
}

func (s *suite) copyNew() {
	dir := s.dir + "/not/there yet"
	s.copyIn(dir, file("file", 0o644, "content"), file("no/entry/for the folders", 0o644, "below"))
	if got := s.copyOut(dir)["no/entry/for the folders"].body; got != "below" {
		s.Errorf("file holds %q, wanted below", got)
	}
}

func (s *suite) copySingle() {
	e := file("a file", 0o755, "content")
	s.copyIn(s.dir, e, file("another", 0o644, ""))
	s.wantEntries(s.copyOut(s.dir+"/a file"), e)
}

func (s *suite) copyEmpty() {
	s.copyIn(s.dir)
	s.wantEntries(s.copyOut(s.dir))
}

func (s *suite) copyMissing() {
	s.copyIn(s.dir)
	r, err := s.machine.CopyOut(s.Context(), s.dir+"/not there")
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		r.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "not there") {
		s.Errorf("error is %v, wanted one that names the path", err)
	}
}

func (s *suite) copyBroken() {
	broken := errors.New("the stream broke")
	whole := s.stream(file("file", 0o644, strings.Repeat("content", 10_000))).Bytes()
	half := whole[:len(whole)/2]
	if err := s.machine.CopyIn(s.Context(), s.dir, io.MultiReader(bytes.NewReader(half), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		s.Errorf("error is %v, wanted the one of the stream", err)
	}
	if err := s.machine.CopyIn(s.Context(), s.dir, bytes.NewReader(half)); err == nil {
		s.Error("a stream that ends within a file was no error")
	}
	if err := s.machine.CopyIn(s.Context(), s.dir, strings.NewReader(strings.Repeat("no tar ", 1000))); err == nil {
		s.Error("a stream that is no tar was no error")
	}
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if err := s.machine.CopyIn(ctx, s.dir, bytes.NewReader(whole)); !errors.Is(err, context.Canceled) {
		s.Errorf("error is %v, wanted context.Canceled", err)
	}
}

func (s *suite) copyClosed() {
	s.copyIn(s.dir, file("file", 0o644, strings.Repeat("content", 1_000_000)))
	r, err := s.machine.CopyOut(s.Context(), s.dir)
	if err != nil {
		s.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
		s.Error(err)
	}
	_ = r.Close() // must return, whatever it says about the rest

	ctx, cancel := context.WithCancel(s.Context())
	r, err = s.machine.CopyOut(ctx, s.dir)
	if err != nil {
		s.Fatal(err)
	}
	defer r.Close()
	cancel()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		s.Errorf("error is %v, wanted context.Canceled", err)
	}
}

// copyInside asks only that nothing is written outside: whether such an entry
// is an error or is renamed is the machine's choice.
func (s *suite) copyInside() {
	outside := s.dir + "-outside"
	s.copyIn(outside, file("kept", 0o644, "kept"))
	name := outside[strings.LastIndex(outside, "/")+1:]
	for _, entries := range [][]entry{
		{file("../"+name+"/evil", 0o644, "evil")},
		{file("a/../../"+name+"/evil", 0o644, "evil")},
		{file(outside+"/evil", 0o644, "evil")},
		{symlink("out", outside), file("out/evil", 0o644, "evil")},
		{symlink("up", "../"+name), file("up/evil", 0o644, "evil")},
		{symlink("over", outside+"/kept"), file("over", 0o644, "evil")},
		{symlink("out2", outside), folder("out2", 0o755), file("out2/evil", 0o644, "evil")},
		{hardlink("hard", "../"+name+"/kept", 0o644), file("hard", 0o644, "evil")},
	} {
		_ = s.machine.CopyIn(s.Context(), s.dir, s.stream(entries...))
	}
	s.wantEntries(s.copyOut(outside), file("kept", 0o644, "kept"))
}
