package devcontainer

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// The options of the CPython Feature that say which artifact is installed, and
// from where.
const (
	artifactOption = "artifactUrl"
	checksumOption = "checksumUrl"
	versionOption  = "version"
	buildOption    = "buildNumber"
)

// cpythonFeature ends the ID of the CPython Feature, where nothing else tells it.
const cpythonFeature = "/cpython/installer"

// UseLocal has the CPython Feature install an artifact of the workspace, for
// work offline and on the artifact itself. The artifact is a path relative to
// the workspace, or an absolute one that leads into it; its checksum lies beside
// it. Options version and buildNumber follow, where the Feature has them.
//
// Where the file holds such a choice as a commented-out line,
//
//	// "artifactUrl": "/workspaces/...",
//
// that line becomes the live one and the line that was live the comment; both
// stay where they are. The error wraps [ErrNoFeature] where there is no CPython
// Feature, and is a [*FeatureError] that lists them where there are several.
func (f *File) UseLocal(artifact string) error {
	ref, err := cpython.ParseFile(path.Base(filepath.ToSlash(artifact)))
	if err != nil {
		return err
	}
	inContainer, err := f.inContainer(artifact)
	if err != nil {
		return err
	}
	return f.useSource(inContainer, ref)
}

// UseRelease has the CPython Feature install the published artifact of a ref
// from the releases of a repository on GitHub. All else is as for [File.UseLocal].
func (f *File) UseRelease(owner, repo string, ref cpython.Ref) error {
	if err := ref.Validate(); err != nil {
		return err
	}
	for _, name := range []string{owner, repo} {
		if !githubName.MatchString(name) {
			return &cpython.ParseError{Kind: "name on GitHub", Text: name, Reason: "wanted letters, digits, '-', '_' and '.'"}
		}
	}
	return f.useSource(fmt.Sprintf("https://github.com/%s/%s/releases/download/%s/%s", owner, repo, ref.Tag(), ref.File()), ref)
}

var githubName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// inContainer returns the path that a file of the workspace has in the container.
func (f *File) inContainer(artifact string) (string, error) {
	if strings.Contains(artifact, "${") {
		return artifact, nil
	}
	if filepath.IsAbs(artifact) {
		folder, _ := WorkspaceOf(f.path)
		folder, err := filepath.Abs(folder)
		if err != nil {
			return "", fmt.Errorf("folder of %s: %w", f.path, err)
		}
		if artifact, err = filepath.Rel(folder, artifact); err != nil {
			return "", fmt.Errorf("artifact: %w", err)
		}
	}
	artifact = path.Clean(filepath.ToSlash(artifact))
	if !filepath.IsLocal(filepath.FromSlash(artifact)) {
		return "", fmt.Errorf("artifact %s: %w: the container sees nothing else", artifact, errOutside)
	}
	folder, err := get[string](f, "/workspaceFolder")
	if err != nil {
		return "", err
	}
	if folder == "" {
		folder = "/workspaces/${localWorkspaceFolderBasename}"
	}
	return strings.TrimRight(folder, "/") + "/" + artifact, nil
}

// useSource sets where the artifact comes from.
func (f *File) useSource(artifact string, ref cpython.Ref) error {
	id, err := f.cpythonFeature()
	if err != nil {
		return err
	}
	return f.atomically(func() error {
		options := Options{artifactOption: artifact, checksumOption: artifact + cpython.SidecarSuffix}
		if err := f.swapSources(pointerTo("features", id), options); err != nil {
			return err
		}
		for option, value := range map[string]string{versionOption: ref.Version.String(), buildOption: strconv.Itoa(ref.Build)} {
			if f.Has(pointerTo("features", id, option)) {
				options[option] = value
			}
		}
		return f.SetFeature(id, options)
	})
}

// cpythonFeature returns the ID of the one Feature that installs CPython: it
// has an artifact, or else the name of the Feature that this project makes.
func (f *File) cpythonFeature() (string, error) {
	features, err := f.Features()
	if err != nil {
		return "", err
	}
	var given, named []string
	for _, feature := range features {
		if _, ok := feature.Options[artifactOption]; ok {
			given = append(given, feature.ID)
		} else if strings.HasSuffix(feature.Base(), cpythonFeature) {
			named = append(named, feature.ID)
		}
	}
	if len(given) == 0 {
		given = named
	}
	switch len(given) {
	case 0:
		return "", fmt.Errorf("%w in %s: none has an option %s or a name that ends in %s", ErrNoFeature, f.path, artifactOption, cpythonFeature)
	case 1:
		return given[0], nil
	}
	return "", &FeatureError{artifactOption, given, "several Features could be meant: set the options of one with SetFeature"}
}

// isRemote tells the two sources apart.
func isRemote(source string) bool { return strings.Contains(source, "://") }
