package artifact_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// Installing again costs nothing: the digest in the checksum file says that it
// is there.
func ExampleInstallFile() {
	installed, err := artifact.InstallFile(context.Background(), "cpython-3.13.5-debian12-build1.tgz", artifact.InstallOptions{})
	var refused *artifact.RefusedError
	if errors.As(err, &refused) {
		refused.Report.WriteText(os.Stderr) // what is wrong with it, or what this system lacks
	}
	if err != nil {
		return
	}
	fmt.Println(installed.Ref, "is ready at", installed.Prefix)
}

func ExampleVerifyInstalled() {
	report, err := artifact.VerifyInstalled(context.Background(), "/opt/python-3.13.5")
	if err == nil && !report.OK() {
		report.WriteText(os.Stderr)
	}
}
