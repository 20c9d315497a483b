package remote

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// surveyScript makes the folder $1 and lists the links (with where they lead)
// and the folders below it, and first whether tar understands PAX. It needs no
// find: a minimal image of the RPM family has none. A command substitution
// would cut newlines at the end, hence the x.
const surveyScript = `LC_ALL=C
export LC_ALL
mkdir -p -- "$1" && cd -- "$1" || exit
case $(tar --version 2>/dev/null) in
*GNU*|*bsdtar*) printf 'pax\0' ;;
*) printf 'plain\0' ;;
esac
survey() {
	for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
		if [ -h "$f" ]; then
			t=$(readlink -n -- "$f"; printf x)
			printf 'l\0%s\0%s\0' "$f" "${t%x}"
		elif [ -d "$f" ]; then
			printf 'd\0%s\0\0' "$f"
			survey "$f"
		fi
	done
}
survey .
`

// unpackScript unpacks standard input in the folder $1. Modes are those of
// the stream whatever the umask, owners are not (-o).
const unpackScript = `unset TAR_OPTIONS
LC_ALL=C
export LC_ALL
cd -- "$1" && exec tar -x -p -o -f -
`

// CopyIn unpacks a tar stream below dst, as the machine's ordinary user. A
// file, a link and an empty folder that are in the way are replaced; folders
// are merged, also through a symbolic link to one that stays below dst. No
// entry is written outside of dst, whatever its name and whatever links lead
// there, as long as nobody else makes links below dst meanwhile: such an entry
// is an error, as is a device. Permission bits and times are kept; the mode
// and the time of dst itself are left alone.
func (m *Machine) CopyIn(ctx context.Context, dst string, stream io.Reader) error {
	if err := m.copyIn(ctx, dst, stream); err != nil {
		return fmt.Errorf("copy into %s: %w", dst, err)
	}
	return nil
}

func (m *Machine) copyIn(ctx context.Context, dst string, stream io.Reader) error {
	dst = explicit(dst)
	known, pax, err := m.survey(ctx, dst)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	checked := make(chan error, 1)
	go func() {
		s := sender{fence: known, out: writer{tar.NewWriter(w), pax}, buffer: make([]byte, 128<<10)}
		err := s.send(&untilReader{ctx, stream})
		w.CloseWithError(errors.Join(err, io.EOF)) // io.EOF alone is the good end
		checked <- err
	}()
	err = m.Run(ctx, machine.Cmd{Args: []string{"sh", "-c", unpackScript, "sh", dst}, Stdin: eofReader{r}})
	r.Close()
	select {
	case bad := <-checked:
		// What the other side says about a stream that ends too early is no news.
		if bad != nil && !errors.Is(bad, io.ErrClosedPipe) && ctx.Err() == nil {
			return bad
		}
	case <-time.After(grace): // a Read of the caller's that still waits is left behind
	}
	return err
}

// explicit returns a path that no program takes for an option.
func explicit(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return "./" + name
}

// survey makes dst and says what is there, and whether the machine's tar reads PAX.
func (m *Machine) survey(ctx context.Context, dst string) (known *fence, pax bool, err error) {
	var out bytes.Buffer
	if err := m.Run(ctx, machine.Cmd{Args: []string{"sh", "-c", surveyScript, "sh", dst}, Stdout: &out}); err != nil {
		return nil, false, err
	}
	kind, rest, _ := strings.Cut(out.String(), "\x00")
	fields := strings.Split(rest, "\x00")
	known = newFence()
	for ; len(fields) >= 3; fields = fields[3:] {
		if name, err := localName(fields[1]); err == nil {
			known.add(name, fields[0] == "d", fields[2])
		}
	}
	return known, kind == "pax", nil
}

// A sender passes a tar stream on to a machine in a form that is safe there.
type sender struct {
	fence   *fence
	out     writer
	buffer  []byte
	folders []*tar.Header // are sent once more at the end: what is written below a folder changes its time
}

func (s *sender) send(stream io.Reader) error {
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read the tar stream: %w", err)
		}
		if err := s.entry(header, archive); err != nil {
			return fmt.Errorf("entry %q: %w", header.Name, err)
		}
	}
	// Read what may follow the end mark, or whoever writes it gets an error.
	if _, err := io.CopyBuffer(io.Discard, stream, s.buffer); err != nil {
		return fmt.Errorf("read the tar stream: %w", err)
	}
	for i := len(s.folders) - 1; i >= 0; i-- {
		if header := s.folders[i]; s.fence.folders[path.Clean(header.Name)] {
			if err := s.out.header(header); err != nil {
				return err
			}
		}
	}
	return s.out.tar.Close()
}

// entry sends one entry.
func (s *sender) entry(header *tar.Header, content io.Reader) error {
	if header.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	place, err := s.fence.place(header.Name)
	if err != nil || place == "." {
		return err
	}
	h := &tar.Header{Typeflag: header.Typeflag, Name: place, Mode: header.Mode & 0o777, ModTime: header.ModTime}
	switch header.Typeflag {
	case tar.TypeDir:
		return s.folder(h)
	case tar.TypeReg, tar.TypeGNUSparse:
		h.Typeflag, h.Size = tar.TypeReg, header.Size
	case tar.TypeSymlink:
		h.Linkname = header.Linkname
	case tar.TypeLink:
		if h.Linkname, err = s.fence.place(header.Linkname); err != nil {
			return err
		}
		if h.Linkname == place {
			return errors.New("is a hard link to itself")
		}
	default:
		return fmt.Errorf("type %q: only files, folders and links can be copied", header.Typeflag)
	}
	link := h.Linkname
	if header.Typeflag == tar.TypeLink {
		link = s.fence.links[h.Linkname] // a second name of a symbolic link is one, too
	}
	s.fence.add(place, false, link)
	if err := s.out.header(h); err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{s.out.tar}, content, s.buffer)
	return err
}

// folder sends a folder that can be written to until the end.
func (s *sender) folder(h *tar.Header) error {
	if _, link := s.fence.links[h.Name]; link && s.fence.isFolder(h.Name) {
		return nil // merged through the link; whose mode it is, this entry does not say
	}
	s.fence.add(h.Name, true, "")
	h.Name += "/"
	s.folders = append(s.folders, h)
	first := *h
	first.Mode |= 0o700
	return s.out.header(&first)
}

// untilReader reads until its context has ended.
type untilReader struct {
	ctx context.Context
	io.Reader
}

func (r *untilReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// eofReader ends at any error: whoever writes the pipe knows it already.
type eofReader struct{ io.Reader }

func (r eofReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}
