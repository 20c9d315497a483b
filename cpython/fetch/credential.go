package fetch

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
)

// A Credential is a header that is sent to one host, over https, and to no
// other: not after a redirect, not over plain http. A host may have several,
// and they need not be secret: the API of GitHub wants Accept set to
// application/octet-stream to send the content of an asset.
type Credential struct {
	Host   string // "github.com", or with a port that is not 443 "localhost:8443"
	Header string // empty is Authorization
	Value  string // "Bearer <token>"
}

// String does not tell the value, so that it stays out of logs.
func (c Credential) String() string {
	return fmt.Sprintf("%s for %s", c.header(), c.Host)
}

// GoString does not tell the value either.
func (c Credential) GoString() string { return "fetch.Credential{" + c.String() + "}" }

// LogValue does not tell the value either.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

func (c Credential) header() string { return cmp.Or(c.Header, "Authorization") }

func (c Credential) validate() error {
	if c.Host == "" || strings.ContainsAny(c.Host, "/@") {
		return fmt.Errorf("credential %s: wanted a host, as in github.com", c)
	}
	if c.Value == "" {
		return fmt.Errorf("credential %s: has no value", c)
	}
	if strings.ContainsAny(c.Value, "\r\n\x00") {
		return fmt.Errorf("credential %s: has a line break in it; a token read from a file often ends in one", c)
	}
	if strings.ContainsAny(c.header(), " :\r\n\t") {
		return errors.New("credential for " + c.Host + ": the header is not a name")
	}
	return nil
}

func (c Credential) matches(host string) bool {
	return strings.TrimSuffix(strings.ToLower(c.Host), ":443") == host
}

// A guard puts credentials on requests to their own host. http.Client asks it
// for each hop of a redirect, and knows nothing of the credentials itself, so
// that it cannot carry them along.
type guard struct {
	next        http.RoundTripper
	credentials []Credential
}

var _ http.RoundTripper = (*guard)(nil)

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context()) // a RoundTripper must not change its request
	// A redirect's own user and password, and the address that led here, whose
	// query may be a signature.
	req.Header.Del("Authorization")
	req.Header.Del("Referer")
	if req.URL.Scheme == "https" {
		host := hostPort(req.URL)
		for _, c := range g.credentials {
			if c.matches(host) {
				req.Header.Set(c.header(), c.Value)
			}
		}
	}
	return g.next.RoundTrip(req)
}
