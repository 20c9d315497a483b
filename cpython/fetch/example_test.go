package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
)

func ExampleFetcher_Fetch() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "hello\n")
	}))
	defer mirror.Close()

	fetcher := fetch.Fetcher{Cache: filepath.Join(dir, "cache")}
	path, err := fetcher.Fetch(context.Background(), fetch.File{
		Name:   "hello.txt",
		SHA256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
		Origins: []string{
			filepath.Join(dir, "hello.txt"), // not there
			mirror.URL + "/hello.txt",
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	content, err := os.ReadFile(path)
	fmt.Printf("%s%v\n", content, err)
	// Output:
	// hello
	// <nil>
}

// A wrong digest can be told from other failures.
func ExampleFetcher_Fetch_digest() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	origin := filepath.Join(dir, "hello.txt")
	if err := os.WriteFile(origin, []byte("tampered with\n"), 0o644); err != nil {
		fmt.Println(err)
		return
	}

	_, err = fetch.Fetcher{Cache: dir}.Fetch(context.Background(), fetch.File{
		SHA256:  "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
		Origins: []string{origin},
	})
	var mismatch *cpython.DigestError
	if errors.As(err, &mismatch) {
		fmt.Println("got", mismatch.Got[:12], "wanted", mismatch.Want[:12])
	}
	// Output: got 8aba2c4ebfb3 wanted 5891b5b522d5
}

// A private release asset: the token goes to the API's host and is not sent
// along when that redirects to a storage host.
func ExampleCredential() {
	token := "from the caller's own configuration"
	_ = fetch.Fetcher{
		Cache: "cache",
		Proxy: http.ProxyFromEnvironment, // commands choose; the package itself never looks
		Credentials: []fetch.Credential{
			{Host: "api.github.com", Value: "Bearer " + token},
			{Host: "api.github.com", Header: "Accept", Value: "application/octet-stream"},
		},
	}
}
