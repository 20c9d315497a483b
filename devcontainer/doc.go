// Package devcontainer reads and edits devcontainer.json, which teams comment
// and lay out by hand, without losing a byte that nobody asked to change.
//
// [Find] knows the places where the file may lie, [Load] and [Parse] read it, a
// [File] is edited through JSON pointers ([File.Get], [File.Set],
// [File.Remove]), and [File.Save] writes it back.
//
// # Comments
//
// A member's own comments are the comment lines directly above it, without a
// blank line in between, the comments on its own line before it, and the one
// that follows it on the line where it ends. Where several members end on one
// line, a comment at the end of that line belongs to the line, and stays until
// none of them is left; a block comment that stands between a member and its
// comma is the member's. Everything else is nobody's: blank lines, and members
// that are commented out, which wait to be used in the place where they are.
//
// A value that is replaced keeps the member's comments. What is removed takes
// its own comments along, what is moved carries them, and what is nobody's
// stays where it is. A new member stands directly after the last one, before
// comments that close the object, so that these do not become its own. Objects
// and arrays that replace others of their kind are merged: members that are
// equal keep their bytes, comments and place.
//
// # What it does not do
//
// The package formats no files, sorts no members, and follows no references.
// What it reads is JSON with comments and trailing commas, as VS Code and the
// Dev Containers command line read it, not JSON5. A [File] is not for use by
// several goroutines at once.
//
// An edit either leaves all bytes outside of what it names as they were, or
// returns an error and changes nothing.
package devcontainer
