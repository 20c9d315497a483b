package build_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

// Building takes minutes; a second call with the same inputs takes none.
func ExampleBuilder_Build() {
	version, err := cpython.ParseVersion("3.13.5")
	if err != nil {
		panic(err)
	}
	b := build.Builder{
		Dir: "artifacts", Cache: "/var/cache/cpython-prebuilt",
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	result, err := b.Build(context.Background(), build.Recipe{Ref: cpython.Ref{Version: version}})
	var missing *build.ModuleError
	switch {
	case errors.As(err, &missing):
		fmt.Println("install what provides", missing.Missing)
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println(result.Path, result.SHA256)
	}
}

// A plan does nothing and is the same on every machine.
func ExampleRecipe_Plan() {
	ref, err := cpython.ParseRef("cpython-3.13.5-debian12-build1")
	if err != nil {
		panic(err)
	}
	plan, err := build.Recipe{Ref: ref, Optimize: build.None}.Plan()
	if err != nil {
		panic(err)
	}
	for _, step := range plan.Steps {
		fmt.Print(step.Name, " ")
	}
	// Output: toolchain source unpack patch configure modules compile install pip strip bytecode tree describe pack verify
}

// All problems of a recipe are told at once, before anything is done.
func ExampleRecipe_Validate() {
	recipe := build.Recipe{Ref: cpython.Ref{Version: cpython.Version{Major: 3, Minor: 9, Micro: 25}, Build: -1}}
	fmt.Println(recipe.Validate())
	// Output:
	// version "3.9.25": CPython's own project no longer supports 3.9; wanted one of 3.11 to 3.15
	// recipe: build number -1, wanted 1 or more
}
