package targets

import (
	"context"

	"github.com/magefile/mage/mg"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// Devcontainer has the targets of a devcontainer.json, by default the one of
// the working folder. They touch nothing in it but what they are asked for.
type Devcontainer mg.Namespace

// Local has the container take CPython from an artifact in the workspace.
func (Devcontainer) Local(ctx context.Context,
	artifact *string, // the file (environment ARTIFACT; default: the newest in out)
	out *string, // folder of artifacts (default artifacts)
	file *string, // the devcontainer.json (default: the one of this folder)
	dryRun *bool, // print what would change and change nothing
) error {
	return runDevcontainerLocal(ctx, artifact, out, file, set(dryRun))
}

// Release has the container take CPython from a published release.
func (Devcontainer) Release(ctx context.Context,
	repo *string, // owner/name on GitHub (environment GITHUB_REPOSITORY)
	artifact *string, // name of the published artifact (environment ARTIFACT; default: the newest in out)
	out *string, // folder of artifacts (default artifacts)
	file *string, // the devcontainer.json (default: the one of this folder)
	dryRun *bool, // print what would change and change nothing
) error {
	return runDevcontainerRelease(ctx, repo, artifact, out, file, set(dryRun))
}

// Set gives a Feature an option; true and false are booleans. A Feature that is not there is added.
func (Devcontainer) Set(ctx context.Context,
	feature *string, // its ID, with or without version
	option *string, // name of the option; none: the Feature is only added
	value *string, // its value; none: the option is taken away
	file *string, // the devcontainer.json (default: the one of this folder)
	dryRun *bool, // print what would change and change nothing
) error {
	return runDevcontainerSet(ctx, feature, option, value, file, set(dryRun))
}

// Show prints what a devcontainer.json says: image, Features, lifecycle commands, or the value at a JSON pointer.
func (Devcontainer) Show(
	pointer *string, // such as /features (default: a summary)
	file *string, // the devcontainer.json (default: the one of this folder)
	json *bool, // print JSON
) error {
	return runDevcontainerShow(pointer, file, set(json))
}

// Check checks a devcontainer.json and this host, as initializeCommand should: what would stop a rebuild fails.
func (Devcontainer) Check(ctx context.Context,
	file *string, // the devcontainer.json (default: the one of this folder)
	fix *bool, // make scripts executable that are not
	json *bool, // print the report as JSON
	junit *bool, // print the report as JUnit XML
) error {
	return runDevcontainerCheck(ctx, file, devcontainer.HostOptions{Fix: set(fix)}, set(json), set(junit))
}
