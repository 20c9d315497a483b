package artifact

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// boundSize is the part of S01 that comes before anything is read.
func (v *verifier) boundSize(r *reporter) bool {
	if v.size <= maxPacked {
		return true
	}
	r.add(cpython.Finding{Status: cpython.Fail, Message: "the file is too large for an artifact, and was not read",
		Found: fmt.Sprintf("%d bytes", v.size), Wanted: fmt.Sprintf("at most %d", maxPacked)})
	return false
}

// checkDigest is S01: the file has the digest that it should have. The error
// is for a checksum file that is there and cannot be read.
func (v *verifier) checkDigest(r *reporter) error {
	want, origin, err := v.wantedDigest(r)
	if err == nil && want != "" {
		v.compareDigest(r, want, origin)
	}
	return err
}

func (v *verifier) compareDigest(r *reporter, want, origin string) {
	if want != v.digest {
		r.add(cpython.Finding{Status: cpython.Fail, Subject: v.scene.name, Message: "the file does not have the digest " + origin,
			Found: v.digest, Wanted: want, Fix: "fetch it again"})
	}
}

// wantedDigest returns the digest that the file should have, and in words
// where that comes from; empty is a finding that there is none.
func (v *verifier) wantedDigest(r *reporter) (want, origin string, err error) {
	const give = "fetch the checksum file that belongs to it, or give the digest"
	if want = v.opts.SHA256; want != "" {
		if !isDigest(want) {
			r.add(cpython.Finding{Status: cpython.Fail, Message: "the digest that was given is none", Found: want, Wanted: "64 lower-case hexadecimal digits"})
			want = ""
		}
		return want, "that was given", nil
	}
	want, err = readSidecar(v.path+cpython.SidecarSuffix, v.scene.name)
	var parse *cpython.ParseError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.add(cpython.Finding{Status: cpython.Fail, Subject: v.scene.name + cpython.SidecarSuffix,
			Message: "there is no checksum file, so nothing says that this is the file that was published", Fix: give})
	case errors.As(err, &parse):
		r.add(cpython.Finding{Status: cpython.Fail, Subject: v.scene.name + cpython.SidecarSuffix,
			Message: "the checksum file " + parse.Reason, Found: parse.Text, Fix: give})
	case err != nil:
		return "", "", err
	}
	return want, "of its checksum file", nil
}
