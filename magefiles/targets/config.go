package targets

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
)

const (
	defaultVersion = "3.13.5" // its source is to be had from Debian mirrors too
	defaultOut     = "artifacts"
)

// value returns a flag, or else an environment variable, or else the default,
// and says which it was unless it was the default.
func (c *console) value(name string, flag *string, env, otherwise string) string {
	if flag != nil {
		return *flag
	}
	if env != "" {
		if text := os.Getenv(env); text != "" {
			c.logger.Info(name, "is", text, "from", "environment variable "+env)
			return text
		}
	}
	return otherwise
}

func set(flag *bool) bool { return flag != nil && *flag }

type recipeFlags struct {
	version  *string
	build    *int
	optimize *string
	sha256   *string
	link     *string
	tkinter  *bool
}

// recipe reads what to build from flags and environment.
func (c *console) recipe(f recipeFlags) (build.Recipe, error) {
	var number *string
	if f.build != nil {
		text := strconv.Itoa(*f.build)
		number = &text
	}
	version, err := cpython.ParseVersion(c.value("version", f.version, "VERSION", defaultVersion))
	if err != nil {
		return build.Recipe{}, err
	}
	text := c.value("build", number, "BUILD", "1")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return build.Recipe{}, fmt.Errorf("build number %q, wanted 1 or more", text)
	}
	optimize, err := build.ParseOptimize(c.value("optimize", f.optimize, "", "full"))
	if err != nil {
		return build.Recipe{}, err
	}
	link := c.value("link", f.link, "", "bundled")
	if link != "bundled" && link != "system" {
		return build.Recipe{}, fmt.Errorf("-link=%s, wanted bundled or system", link)
	}
	recipe := build.Recipe{
		Ref:      cpython.Ref{Version: version, Build: n},
		Optimize: optimize, Tkinter: set(f.tkinter), SystemLibraries: link == "system", SourceSHA256: c.value("sha256", f.sha256, "", ""),
	}
	return recipe, recipe.Validate()
}

type builderFlags struct {
	out, source          *string
	jobs                 *int
	force, keep, verbose *bool
}

// builder reads how to build on a machine from flags and environment.
func (c *console) builder(f builderFlags, on *place) build.Builder {
	b := build.Builder{
		Machine: on.Machine, Work: on.work, Ccache: on.kept,
		Dir: c.value("out", f.out, "", defaultOut), Cache: c.cache,
		Fetcher: fetch.Fetcher{Proxy: http.ProxyFromEnvironment}, ProxyEnv: proxyEnv(),
		Force: set(f.force), Keep: set(f.keep), Logger: c.logger, Progress: c.progress,
	}
	for _, origin := range strings.Split(c.value("source", f.source, "", ""), ",") {
		if origin != "" {
			b.Sources = append(b.Sources, origin)
		}
	}
	if f.jobs != nil {
		b.Jobs = *f.jobs
	}
	if set(f.verbose) {
		b.Output = os.Stderr
	}
	return b
}

// proxyEnv returns what the environment says about proxies, for package managers.
func proxyEnv() []string {
	var env []string
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// cacheDir is where sources, locks and logs are kept between runs.
func cacheDir() (string, error) {
	if dir := os.Getenv("CPYTHON_PREBUILT_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache folder: %w; set CPYTHON_PREBUILT_CACHE", err)
	}
	return filepath.Join(dir, "cpython-prebuilt"), nil
}

// refuseLeftovers refuses words on the command line that are no targets. Mage
// itself would notice them only after the targets before them ran.
func refuseLeftovers(args []string, targets func() ([]string, error)) error {
	words := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return strings.HasPrefix(arg, "-") })
	if len(words) < 2 {
		return nil
	}
	known, err := targets()
	if err != nil {
		return err
	}
	for _, word := range words {
		if !slices.Contains(known, strings.ToLower(word)) {
			return fmt.Errorf("%q is not a target; values are given as flags, as in -version=%s (mage -h TARGET lists them)", word, defaultVersion)
		}
	}
	return nil
}

// knownTargets asks this very program, which Mage compiled from the magefile
// it stands in, for its list of targets.
func knownTargets() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("list of targets: %w", err)
	}
	list := exec.Command(self, "-l")
	list.Env = append(os.Environ(), "NO_COLOR=1", "MAGEFILE_ENABLE_COLOR=0")
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list of targets: %w", err)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "  ") && len(fields) > 0 {
			names = append(names, strings.ToLower(strings.TrimSuffix(fields[0], "*")))
		}
	}
	return names, nil
}
