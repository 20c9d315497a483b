// Package fetch gets one file, named by its SHA-256, from the first of several
// origins that has it, into a folder that many programs may share.
//
// A [File] says what is wanted and where it may be: https, http and file
// addresses and plain paths, tried in order. A [Fetcher] says how; its Cache is
// the only field it needs. [Fetcher.Fetch] returns the path of the file in the
// cache. When nothing has it, the error is an [*Error] that gives the reason of
// every origin.
//
// The package unpacks nothing, lists no folders, resumes no transfers and
// verifies no signatures. It never reads the environment: proxies, credentials
// and root certificates are handed in. It is this module's only user of grab,
// and adds what grab does not have: time limits, retries, mirrors, credentials
// that stay with their host.
//
// Whatever an origin sends, a path that Fetch returns holds the content of that
// SHA-256: it is hashed when it arrives and again each time it is handed out.
package fetch
