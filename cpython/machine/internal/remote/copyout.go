package remote

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"unicode/utf8"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// nothingThere is the exit code of packScript for a path that is not there;
// tar and the shell have lower ones of their own.
const nothingThere = 44

// packScript packs the folder $1, or the file of base name $3 in the folder $2.
// GNU tar keeps fractions of seconds in PAX only.
const packScript = `unset TAR_OPTIONS
LC_ALL=C
export LC_ALL
src=$1 dir=$2 base=$3
case $(tar --version 2>/dev/null) in
*"GNU tar"*) set -- --format=pax --pax-option=delete=atime,delete=ctime --sort=name ;;
*) set -- ;;
esac
if [ -d "$src" ]; then
	cd -- "$src" && exec tar -c -f - "$@" .
elif [ -e "$src" ]; then
	cd -- "$dir" && exec tar -c -h -f - "$@" "./$base"
fi
exit 44
`

// CopyOut packs the file or the content of the folder src, as the machine's
// ordinary user; src itself has no entry when it is a folder. Of two names of
// one file the second is a hard link. Pipes and devices are errors. A src that
// is not there is an error of the first Read, for which
// errors.Is(err, fs.ErrNotExist) holds.
func (m *Machine) CopyOut(ctx context.Context, src string) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	raw, feed := io.Pipe()
	out, w := io.Pipe()
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		from := explicit(src)
		args := []string{"sh", "-c", packScript, "sh", from, path.Dir(from), path.Base(from)}
		err := m.Run(ctx, machine.Cmd{Args: args, Stdout: feed})
		if exit := (*machine.ExitError)(nil); errors.As(err, &exit) && exit.Code == nothingThere {
			err = fs.ErrNotExist
		}
		feed.CloseWithError(err)
	}()
	go func() {
		defer close(done)
		stop := context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
		defer stop()
		r := receiver{out: writer{tar.NewWriter(w), true}, buffer: make([]byte, 128<<10)}
		if err := r.receive(raw); err != nil {
			w.CloseWithError(fmt.Errorf("copy out of %s: %w", src, err))
		} else {
			w.Close()
		}
		raw.Close()
		cancel()
		<-ended
	}()
	return &packed{out, cancel, done}, nil
}

// packed is the stream that CopyOut returns.
type packed struct {
	*io.PipeReader
	cancel context.CancelFunc
	done   <-chan struct{}
}

// Close ends the packing and returns when the machine has stopped it.
func (p *packed) Close() error {
	p.cancel()
	err := p.PipeReader.Close()
	<-p.done
	return err
}

// A receiver passes on the tar stream that a machine made, in the form that
// Local has it.
type receiver struct {
	out    writer
	buffer []byte
}

func (r *receiver) receive(stream io.Reader) error {
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		h := &tar.Header{Typeflag: header.Typeflag, Mode: header.Mode & 0o777, ModTime: header.ModTime, Size: header.Size}
		h.Name, h.Linkname = path.Clean(header.Name), header.Linkname
		if h.Name == "." {
			continue
		}
		switch header.Typeflag {
		case tar.TypeReg, tar.TypeSymlink:
		case tar.TypeDir:
			h.Name += "/"
		case tar.TypeLink:
			h.Linkname = path.Clean(header.Linkname)
		default:
			return fmt.Errorf("%s: only files, folders and links can be copied", header.Name)
		}
		if err := r.out.header(h); err != nil {
			return err
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{r.out.tar}, archive, r.buffer); err != nil {
			return err
		}
	}
	// The command must end before its stream counts as whole.
	if _, err := io.CopyBuffer(io.Discard, stream, r.buffer); err != nil {
		return err
	}
	return r.out.tar.Close()
}

// A writer writes headers in the format that loses least.
type writer struct {
	tar *tar.Writer
	pax bool // whether the reader understands PAX
}

// header writes a header. PAX has fractions of seconds (archive/tar rounds
// them away unless it is named), GNU has names in any bytes and is what small
// readers such as busybox know; they read short names of PAX as well.
func (w writer) header(h *tar.Header) error {
	h.Format = tar.FormatPAX
	if !w.pax && len(h.Name+h.Linkname) >= 100 || !utf8.ValidString(h.Name) || !utf8.ValidString(h.Linkname) {
		h.Format = tar.FormatGNU
	}
	if !w.pax && h.Format == tar.FormatPAX && !ascii(h.Name+h.Linkname) {
		h.Format = tar.FormatGNU
	}
	return w.tar.WriteHeader(h)
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
