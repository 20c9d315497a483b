// Package cpython is the vocabulary of this module: which Python a thing is
// about, and what a check found out about it.
//
// A [Version] is a version of CPython in CPython's own spelling, a [Platform]
// is what an artifact was built for, and a [Ref] is both with a build number:
// the only spelling of "which Python, for what, which rebuild". File names,
// release tags and folder names are methods of Ref; nothing else formats them.
// A [Finding] is the answer of one check and a [Report] a list of them, with
// three printed forms: text, JSON and JUnit XML.
//
// The package is a leaf. It fetches, builds and executes nothing, and every
// value of its text types survives MarshalText followed by UnmarshalText.
package cpython
