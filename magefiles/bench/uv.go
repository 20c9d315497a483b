//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// uvVersion is the release of uv that is compared with.
const uvVersion = "0.13.9"

// getUV has the pip of the measured CPython install uv, and writes the list of
// downloads that leads uv to the artifact.
func (b *bench) getUV(ctx context.Context) (string, error) {
	dir := filepath.Join(b.disk, "uv")
	pip := exec.CommandContext(ctx, filepath.Join(b.tree, "bin/python3"), "-m", "pip", "install", "-q", "--no-deps", "--target", dir, "uv=="+uvVersion)
	if out, err := pip.CombinedOutput(); err != nil {
		return "", fmt.Errorf("uv %s cannot be installed: %w\n%s", uvVersion, err, out)
	}
	ref, err := cpython.ParseFile(filepath.Base(b.path))
	if err != nil {
		return "", err
	}
	digest, err := artifact.ReadSidecar(b.path)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{ref.String(): uvDownload(ref, "file://"+b.path, digest)})
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "bin/uv"), os.WriteFile(filepath.Join(b.disk, "downloads.json"), text, 0o644)
}

// uvDownload is one entry of the file that UV_PYTHON_DOWNLOADS_JSON_URL names.
func uvDownload(ref cpython.Ref, url, digest string) map[string]any {
	var major, minor, patch int
	fmt.Sscanf(ref.Version.Source(), "%d.%d.%d", &major, &minor, &patch)
	family := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[ref.Platform.Arch]
	return map[string]any{
		"name": "cpython", "arch": map[string]any{"family": family, "variant": nil}, "os": "linux", "libc": "gnu",
		"major": major, "minor": minor, "patch": patch, "prerelease": "", "url": url, "sha256": digest, "variant": nil, "build": nil,
	}
}

// installUV has uv install the artifact. Its cache is beside the new folder, so
// that what it fetched is moved and not copied.
func (b *bench) installUV(fresh string) *exec.Cmd {
	c := exec.Command(b.uv, "python", "install", "--quiet", "--no-bin", "--install-dir", filepath.Join(fresh, "python"), b.version())
	c.Env = append(os.Environ(), "HOME="+fresh, "UV_CACHE_DIR="+filepath.Join(fresh, "cache"), "UV_NO_CONFIG=1",
		"UV_PYTHON_DOWNLOADS_JSON_URL="+filepath.Join(b.disk, "downloads.json"))
	return c
}
