package artifact_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// Verify the very file that is going to be used, without executing anything of it.
func ExampleVerify() {
	report, err := artifact.Verify(context.Background(), "cpython-3.12.6-ubuntu20.04-build1.tgz", artifact.VerifyOptions{Level: artifact.Static})
	if err != nil {
		log.Print(err) // it could not be verified: the file is not there, say
		return
	}
	if err := report.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	if !report.OK() {
		os.Exit(1)
	}
}

// See what an artifact says about itself.
func ExampleOpen() {
	a, err := artifact.Open("cpython-3.12.6-ubuntu20.04-build1.tgz")
	if err != nil {
		log.Print(err)
		return
	}
	defer a.Close()
	fmt.Println(a.Ref(), "was compiled by", a.Info().Toolchain.Compiler)
	err = a.Walk(context.Background(), func(e artifact.Entry) error {
		if e.Mode.IsRegular() {
			fmt.Println(e.Path, e.Size)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}

// Pack an installed tree, and write the checksum file beside the artifact.
func ExamplePack() {
	pack := func(ctx context.Context, dir, out string, info artifact.BuildInfo) (name string, err error) {
		name = filepath.Join(out, info.Ref.File())
		f, err := os.Create(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		packed, err := artifact.Pack(ctx, f, dir, info)
		if err != nil {
			return "", err
		}
		if err := f.Close(); err != nil {
			return "", err
		}
		return name, artifact.WriteSidecar(name, packed.SHA256)
	}
	_, err := pack(context.Background(), "no/such/tree", os.TempDir(), artifact.BuildInfo{})
	fmt.Println(err != nil)
	// Output: true
}

func ExampleParseSidecar() {
	text := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  cpython-3.13.5-debian12-build1.tgz\n"
	digest, err := artifact.ParseSidecar([]byte(text), "cpython-3.13.5-debian12-build1"+cpython.FileSuffix)
	fmt.Println(digest, err)
	// Output: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 <nil>
}
