// Command devcontainer-check is "mage devcontainer:check" for hosts without Go:
// name it in initializeCommand. It exits with 1 if the report has failures.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

func main() {
	file := flag.String("file", "", "the devcontainer.json (default: the one of the working folder)")
	fix := flag.Bool("fix", false, "make scripts executable that are not")
	flag.Parse()
	options := devcontainer.HostOptions{Fix: *fix, Env: devcontainer.Environment(os.Environ())}
	report, err := devcontainer.CheckAll(context.Background(), *file, options)
	if err == nil {
		err = report.WriteText(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "devcontainer-check:", err)
	}
	if err != nil || !report.OK() {
		os.Exit(1)
	}
}
