package artifact

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// maxSidecar bounds what is read of a checksum file: a digest, two spaces and
// the longest name that file systems allow.
const maxSidecar = 64 + 2 + 255 + 1

// ParseSidecar reads the content of a checksum file and returns the digest. It
// holds one line, as sha256sum writes it: 64 lower-case hexadecimal digits, two
// spaces, name, a newline. The error is a [*cpython.ParseError].
func ParseSidecar(text []byte, name string) (digest string, err error) {
	fail := func(format string, args ...any) (string, error) {
		shown := string(text)
		if len(shown) > 100 {
			shown = shown[:100]
		}
		return "", &cpython.ParseError{Kind: "checksum file", Text: shown, Reason: fmt.Sprintf(format, args...)}
	}
	const wanted = `wanted "<64 lower-case hexadecimal digits>  <file name>" and a newline, as sha256sum writes it`
	line, rest, ended := strings.Cut(string(text), "\n")
	switch {
	case len(text) == 0:
		return fail("is empty; %s", wanted)
	case looksLikeHTML(text):
		return fail("is a web page; %s", wanted)
	case !ended:
		return fail("has no newline at its end; %s", wanted)
	case rest != "":
		return fail("has more than one line; %s", wanted)
	case len(line) < 66 || line[64:66] != "  " || !isDigest(line[:64]):
		return fail("%s", wanted)
	case line[66:] != name:
		return fail("is about %q, wanted one about %q", line[66:], name)
	}
	return line[:64], nil
}

// FormatSidecar returns the content of the checksum file of the artifact name.
func FormatSidecar(digest, name string) string { return digest + "  " + name + "\n" }

// ReadSidecar reads the checksum file beside the artifact at path and returns
// the digest that it names. A content that is not what it should be is a
// [*cpython.ParseError].
func ReadSidecar(path string) (digest string, err error) {
	return readSidecar(path+cpython.SidecarSuffix, filepath.Base(path))
}

func readSidecar(sidecar, name string) (digest string, err error) {
	f, err := os.Open(sidecar)
	if err != nil {
		return "", fmt.Errorf("checksum file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSidecar+1))
	if err != nil {
		return "", fmt.Errorf("checksum file: %w", err)
	}
	return ParseSidecar(text, name)
}

// WriteSidecar writes the checksum file beside the artifact at path: first
// under another name, so that nobody sees half of it.
func WriteSidecar(path, digest string) error {
	if !isDigest(digest) {
		return &cpython.ParseError{Kind: "digest", Text: digest, Reason: "wanted 64 lower-case hexadecimal digits"}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("checksum file: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.WriteString(FormatSidecar(digest, filepath.Base(path))); err != nil {
		return fmt.Errorf("checksum file: %w", err)
	}
	if err := f.Chmod(0o644); err != nil {
		return fmt.Errorf("checksum file: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("checksum file: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("checksum file: %w", err)
	}
	if err := os.Rename(f.Name(), path+cpython.SidecarSuffix); err != nil {
		return fmt.Errorf("checksum file: %w", err)
	}
	return nil
}

// looksLikeHTML recognises the page that some server answered with instead of
// a file.
func looksLikeHTML(content []byte) bool {
	head := strings.ToLower(strings.TrimLeft(string(content[:min(len(content), 512)]), " \t\r\n\ufeff"))
	return strings.HasPrefix(head, "<!doctype") || strings.HasPrefix(head, "<html") || strings.HasPrefix(head, "<?xml")
}
