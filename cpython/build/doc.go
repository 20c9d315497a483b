// Package build turns a source archive of CPython into a finished artifact.
//
// A [Recipe] says what to build. [Recipe.Plan] is the list of steps that it
// comes to, without doing anything, and [Builder.Build] runs them on a
// [machine.Machine]: fetch the source by its pinned digest, see to the
// toolchain, configure, stop early when a required module would be missing,
// compile with profile-guided and link-time optimisation, install, strip, make
// the tree independent of its place, describe, pack and verify.
//
// The package publishes nothing and installs nothing into the system but the
// distribution's own packages that a build needs. Whatever happens, the output
// folder holds a finished artifact with its checksum file, or what it held before.
package build
