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
	link *string, // bundled: libraries go into the tree; system: it runs where the same are installed (default bundled)
	tkinter *bool, // build tkinter too
	machine *string, // local, docker:IMAGE, vagrant, vagrant:FOLDER or auto (environment MACHINE; default auto)
	arch *string, // of the container, where its engine can run others: amd64, arm64
	engine *string, // docker or podman (default: whichever answers)
	network *string, // network of the container, such as host (environment CPYTHON_PREBUILT_NETWORK)
	force *bool, // replace an artifact of the same name that was made from other inputs
	keep *bool, // leave work folder and container behind for inspection
	verbose *bool, // print what the tools print
	dryRun *bool, // print the plan and do nothing
) error {
	return runBuild(ctx, recipeFlags{version, build, optimize, sha256, link, tkinter}, machineFlags{machine, arch, engine, network, keep},
		builderFlags{out, source, jobs, force, keep, verbose}, set(dryRun))
}

// BuildAll builds every version in every image and ends with a table; it goes on after a failure.
func BuildAll(ctx context.Context,
	versions *string, // with commas (environment VERSIONS; default: those of the matrix)
	images *string, // with commas (environment IMAGES; default: those of the matrix for this processor)
	arch *string, // architecture of the images
	build *int, // build number (default 1)
	optimize *string, // none, pgo or full (default full)
	parallel *int, // builds at the same time (default 1)
	source *string, // archive, folder or mirror to take the source from first; several with commas
	out *string, // folder for the artifacts (default artifacts)
	jobs *int, // commands at once in each build (default: one per processor)
	engine *string, // docker or podman (default: whichever answers)
	network *string, // network of the containers, such as host (environment CPYTHON_PREBUILT_NETWORK)
	force *bool, // replace artifacts of the same name that were made from other inputs
	keep *bool, // leave containers behind for inspection
) error {
	return runBuildAll(ctx, allFlags{matrixFlags{versions, images, arch, build}, machineFlags{nil, nil, engine, network, keep},
		builderFlags{out, source, jobs, force, keep, nil}, optimize, parallel})
}

// Matrix prints what BuildAll builds.
func Matrix(
	versions *string, // with commas (environment VERSIONS)
	images *string, // with commas (environment IMAGES)
	arch *string, // only for this architecture
	build *int, // build number (default 1)
	json *bool, // print JSON, as a CI system's matrix takes it
) error {
	return runMatrix(matrixFlags{versions, images, arch, build}, set(json))
}

// Validate checks an artifact, the newest by default, and closes with [SUCCESS] or [FAILURE].
func Validate(ctx context.Context,
	artifact *string, // the file (environment ARTIFACT; default: the newest in out)
	out *string, // folder of artifacts (default artifacts)
	level *string, // quick, static, full or deep (default full)
	machine *string, // where its interpreter runs: docker:IMAGE, vagrant (environment MACHINE; default local)
	image *string, // container images to run it in as well, with commas: debian:12-slim,debian:13
	json *bool, // print the report as JSON
	junit *bool, // print the report as JUnit XML
) error {
	return runValidate(ctx, validateFlags{artifact, out, level, machine, image, set(json), set(junit)})
}

// Inspect prints what an artifact is, what it needs and what is in it, and executes nothing of it.
func Inspect(ctx context.Context,
	artifact *string, // the file (environment ARTIFACT; default: the newest in out)
	out *string, // folder of artifacts (default artifacts)
	json *bool, // print JSON
	sbom *bool, // print the SBOM (SPDX 2.3): the one in the artifact, or else the one that its build-info gives
) error {
	return runInspect(ctx, artifact, out, set(json), set(sbom))
}

// List prints a table of the artifacts in a folder.
func List(ctx context.Context,
	out *string, // folder of artifacts (default artifacts)
	json *bool, // print JSON
) error {
	return runList(ctx, out, set(json))
}

// Doctor checks every way to build, and says what to install.
func Doctor(ctx context.Context,
	version *string, // CPython version (environment VERSION; default 3.13.5)
	machine *string, // only this way: local, docker or vagrant
	out *string, // folder for artifacts (default artifacts)
	json *bool, // print the report as JSON
) error {
	return runDoctor(ctx, recipeFlags{version: version}, machine, builderFlags{out: out}, set(json))
}

// Clean says what this program keeps here and how big it is, and removes what is asked for.
func Clean(ctx context.Context,
	remove *string, // what to remove, with commas: sources, logs, work, ccache, container, image, volume or all
	engine *string, // docker or podman (default: whichever answers)
) error {
	return runClean(ctx, remove, engine)
}
