// Package targets holds the Mage targets of the pipeline. Another repository
// gets all of them with one line in its magefile:
//
//	//mage:import
//	_ "github.com/2-coatl/cpython-prebuilt/magefiles/targets"
//
// The targets are thin: they read flags and the environment, call the library
// and print. Answers go to standard output, everything else to standard error.
// The name of a parameter is the name of its flag, and its comment the help.
package targets

import "context"

// Build compiles CPython from source into a verified artifact and prints its path.
func Build(ctx context.Context,
	version *string, // CPython version (environment VERSION; default 3.13.5)
	build *int, // build number (environment BUILD; default 1)
	optimize *string, // none, pgo or full (default full)
	source *string, // archive, folder or mirror to take the source from first; several with commas
	sha256 *string, // digest of the source archive, for a version that is not in the table
	out *string, // folder for the artifact (default artifacts)
	jobs *int, // commands at once (default: one per processor)
	tkinter *bool, // build tkinter too
	force *bool, // replace an artifact of the same name that was made from other inputs
	keep *bool, // leave the work folder behind for inspection
	verbose *bool, // print what the tools print
	dryRun *bool, // print the plan and do nothing
) error {
	return runBuild(ctx, recipeFlags{version, build, optimize, sha256, tkinter},
		builderFlags{out, source, jobs, force, keep, verbose}, set(dryRun))
}

// Validate checks an artifact, the newest by default, and closes with [SUCCESS] or [FAILURE].
func Validate(ctx context.Context,
	artifact *string, // the file (environment ARTIFACT; default: the newest in out)
	out *string, // folder of artifacts (default artifacts)
	level *string, // quick, static, full or deep (default full)
	json *bool, // print the report as JSON
	junit *bool, // print the report as JUnit XML
) error {
	return runValidate(ctx, validateFlags{artifact, out, level, set(json), set(junit)})
}

// List prints a table of the artifacts in a folder.
func List(ctx context.Context,
	out *string, // folder of artifacts (default artifacts)
	json *bool, // print JSON
) error {
	return runList(ctx, out, set(json))
}

// Doctor checks whether this host can build, and says what to install.
func Doctor(ctx context.Context,
	version *string, // CPython version (environment VERSION; default 3.13.5)
	out *string, // folder for artifacts (default artifacts)
	json *bool, // print the report as JSON
) error {
	return runDoctor(ctx, recipeFlags{version: version}, builderFlags{out: out}, set(json))
}
