// Package artifact is the tarball of a prebuilt CPython: it packs one, opens
// one, says whether one is what it should be, and installs it.
//
// [Pack] turns an installed tree and its [BuildInfo] into an artifact: the same
// tree and the same version of this package give the same bytes. [Open] reads
// what an artifact says about itself without unpacking it. [Verify] reads the
// very file that is shipped, once, and answers with a [cpython.Report] that
// names every failed check by its stable ID. [InstallFile] and [Install] check
// and write in one pass, after [Preflight] has said that the system has what it
// takes. FORMAT.md beside this file documents the format.
//
// The package builds nothing, fetches nothing and never trusts a file: names,
// links, sizes and counts are checked before anything depends on them, and a
// file that fails a check is a finding, not an error. An error from Verify
// means that nothing could be verified.
package artifact
