package build

import _ "embed"

//go:embed patches/certificates.patch
var certificatesPatch string

//go:embed patches/tcl-library.patch
var tclLibraryPatch string

//go:embed patches/venv-through-link.patch
var venvThroughLinkPatch string

// ownPatches returns what is applied to the source before the patches that the
// recipe names: to every source, but for tcl-library.patch. The lines around the changes are the same in all supported
// series, and patch is given no fuzz: where a release has others, the build
// stops there. That series then gets a file of its own.
func (r Recipe) ownPatches() []Patch {
	patches := []Patch{
		{
			Name:   "certificates.patch",
			SHA256: "db22c891771ea7c343b2fb3d7cf688c1428b7eb0070edbc5ca5220614dd1e45d",
			Reason: "OpenSSL looks for certificates only where the distribution that it was built on keeps them",
			Data:   []byte(certificatesPatch),
		},
		{
			Name:   "venv-through-link.patch",
			SHA256: "936e333cea10ce39376dfd7c7e31975898cce752b6edb065f1f351514607d178",
			Reason: "a venv made through a link from outside of the tree does not start, python/cpython issue 106045",
			Data:   []byte(venvThroughLinkPatch),
		},
	}
	if r.ownTcl() {
		patches = append(patches, Patch{
			Name:   "tcl-library.patch",
			SHA256: "6fdc1ff9470a7a25aaa41b4af9572358ab03f25c9772dd7e935924a60fa3a6c6",
			Reason: "Tcl looks for its scripts where the distribution that it was built on keeps them, and through no link",
			Data:   []byte(tclLibraryPatch),
		})
	}
	return patches
}
