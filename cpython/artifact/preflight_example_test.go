package artifact_test

import (
	"fmt"
	"log"
	"os"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// Whether an artifact would run in the root of a container, without starting
// anything in it.
func ExamplePreflight() {
	a, err := artifact.Open("cpython-3.13.5-debian12-build1.tgz")
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	report, err := artifact.Preflight(a.Info().Requirements, a.Ref().Platform, "/srv/container")
	if err != nil {
		log.Fatal(err)
	}
	if !report.OK() {
		fmt.Println("not here:") // needs glibc 2.36 or newer, this container has 2.31
		if err := report.WriteText(os.Stdout); err != nil {
			log.Fatal(err)
		}
	}
}
