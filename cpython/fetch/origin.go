package fetch

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// An origin is somewhere the file may be.
type origin struct {
	name       string      // for messages: no credentials, no query
	url        *url.URL    // https or http, without user and password; nil for a file
	path       string      // of a file
	credential *Credential // what the URL's user and password come to, or nil
}

// schemePattern tells a URL from a path; "C:\x" is a path. RFC 8089 allows
// file URLs with a single slash.
var schemePattern = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*)://|^([Ff][Ii][Ll][Ee]):`)

// parseOrigin reads an address or a path. Its errors do not repeat the text,
// which may hold a password.
func parseOrigin(text string) (origin, error) {
	if text == "" {
		return origin{}, fmt.Errorf("is empty")
	}
	m := schemePattern.FindStringSubmatch(text)
	if m == nil {
		return origin{name: text, path: text}, nil
	}
	scheme := strings.ToLower(m[1] + m[2])
	if scheme != "https" && scheme != "http" && scheme != "file" {
		return origin{}, fmt.Errorf("begins with %s:, wanted https:, http:, file: or a path", scheme)
	}
	u, err := url.Parse(text)
	if err != nil {
		return origin{}, fmt.Errorf("begins with %s: but is not a valid URL", scheme)
	}
	if scheme == "file" {
		return fileOrigin(u)
	}
	if u.Hostname() == "" {
		return origin{}, fmt.Errorf("begins with %s: but names no host", scheme)
	}
	o := origin{url: u}
	if u.User != nil {
		password, _ := u.User.Password()
		userinfo := u.User.Username() + ":" + password // RFC 7617
		o.credential = &Credential{Host: hostPort(u), Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(userinfo))}
		u.User = nil
	}
	o.name = display(u)
	if o.credential != nil && scheme == "http" {
		return origin{}, fmt.Errorf("%s: user and password would be sent over plain http, wanted https", o.name)
	}
	return o, nil
}

// fileOrigin reads a file URL (RFC 8089) of this machine.
func fileOrigin(u *url.URL) (origin, error) {
	if u.Host != "" && !strings.EqualFold(u.Host, "localhost") {
		return origin{}, fmt.Errorf("is a file of the host %s, wanted three slashes and an absolute path: file:///folder/file", u.Host)
	}
	if !strings.HasPrefix(u.Path, "/") {
		return origin{}, fmt.Errorf("begins with file: without an absolute path, wanted file:///folder/file")
	}
	path := u.Path
	if runtime.GOOS == "windows" && len(path) > 2 && path[2] == ':' { // file:///C:/folder
		path = path[1:]
	}
	path = filepath.FromSlash(path)
	return origin{name: path, path: path}, nil
}

// display returns u without what may be secret: user and password, and the
// query, which in signed addresses is as good as a password.
func display(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// hostPort returns the host of u in lower case, and its port if it is not 443.
func hostPort(u *url.URL) string {
	return strings.TrimSuffix(strings.ToLower(u.Host), ":443")
}
