//go:build e2e

package build_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
)

// portable is the artifact that TestE2EContainers builds on the oldest distribution.
const portable = "../../" + e2eOut + "/cpython-3.13.5-debian11-build1.tgz"

// TestE2EPortable runs one artifact in bare images of three distributions, from
// three folders, as root and as somebody else, and once more in images that
// have what programmers have.
func TestE2EPortable(t *testing.T) {
	images := lab(t, "CPYTHON_E2E_IMAGES")
	if _, err := os.Stat(portable); err != nil {
		t.Fatalf("TestE2EContainers has not built it: %v", err)
	}
	wheels := downloadWheels(t)
	for _, suite := range []string{"bullseye", "bookworm", "trixie"} {
		t.Run("bare "+suite, func(t *testing.T) {
			m := docker.New(images + ":" + suite)
			m.Network = "none"
			t.Cleanup(func() { m.Close() })
			checkOn(t, m, false)
			useBare(t, m, wheels)
		})
		t.Run("equipped "+suite, func(t *testing.T) {
			m := docker.New(images + ":" + suite)
			m.Network = os.Getenv("CPYTHON_PREBUILT_NETWORK")
			t.Cleanup(func() { m.Close() })
			apt := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"}
			for _, args := range [][]string{{"apt-get", "update", "-q"}, {"apt-get", "install", "-y", "-q", "--no-install-recommends", "gcc", "libc6-dev", "ca-certificates"}} {
				must(t, m, machine.Cmd{Args: args, Env: apt, Root: true})
			}
			// The checks want to be alone, and the network has served.
			if m.Network == "" {
				if out, err := exec.Command("docker", "network", "disconnect", "bridge", m.Name()).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			checkOn(t, m, true)
			buildExtension(t, m, wheels)
		})
	}
}

// TestE2EValidateImages validates in a list of images, of which one has musl.
func TestE2EValidateImages(t *testing.T) {
	images, musl := lab(t, "CPYTHON_E2E_IMAGES"), lab(t, "CPYTHON_E2E_MUSL")
	file := strings.TrimPrefix(portable, "../../")
	out, err := mage(t, "validate", "-artifact="+file, "-image="+images+":bullseye,"+images+":trixie")
	if err != nil || strings.Count(out, "\nD11   pass") != 2 {
		t.Errorf("validate in two images: %v\n%s", err, out)
	}
	out, err = mage(t, "validate", "-artifact="+file, "-image="+musl)
	const want = "needs glibc, this container (a system with musl) has musl, which is not supported"
	if err == nil || !strings.Contains(out, want) || !strings.HasPrefix(lastLine(out), "[FAILURE]") {
		t.Errorf("validate where there is musl: %v, wanted %q\n%s", err, want, out)
	}
}

// checkOn has Verify run the artifact on a machine. Nothing may fail; where
// everything is there that is needed, nothing may be skipped.
func checkOn(t *testing.T, m machine.Machine, equipped bool) {
	t.Helper()
	report, err := artifact.Verify(t.Context(), portable, artifact.VerifyOptions{Machine: m})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		switch {
		case f.Status == cpython.Skip && !equipped:
			t.Logf("skipped: %s %s %s", f.ID, f.Subject, f.Message)
		case f.Status == cpython.Fail, f.Status == cpython.Skip:
			t.Errorf("%s %s %s: %s", f.ID, f.Status, f.Subject, f.Message)
		}
	}
	info, err := manifest(portable)
	if err != nil || len(info.Requirements.Sonames) > 0 {
		t.Errorf("libraries needed from outside: %v, error %v", info.Requirements.Sonames, err)
	}
}

//go:embed testdata/use_bare.py
var useBareScript string

// useBare unpacks the artifact in different folders and uses it there.
func useBare(t *testing.T, m machine.Machine, wheels string) {
	t.Helper()
	ca, cert, key := certificates(t)
	dir := t.TempDir()
	for name, text := range map[string][]byte{"ca.pem": ca, "server.pem": append(cert, key...), "use.py": []byte(useBareScript)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	copyTo(t, m, dir, "/tmp/use")
	copyTo(t, m, wheels, "/tmp/wheels")
	copyTo(t, m, portable, "/tmp/artifact")
	for _, where := range []struct {
		dir  string
		root bool
	}{{"/opt", true}, {"/var/tmp/home", false}, {"/var/tmp/a b/größe", false}} {
		env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "TERM=xterm"}
		python := where.dir + "/python-3.13.5/bin/python3"
		must(t, m, machine.Cmd{Args: []string{"mkdir", "-p", where.dir}, Env: env, Root: where.root})
		must(t, m, machine.Cmd{Args: []string{"tar", "xzf", "/tmp/artifact/" + filepath.Base(portable), "-C", where.dir}, Env: env, Root: where.root})
		must(t, m, machine.Cmd{Args: []string{python, "-B", "/tmp/use/use.py", "/tmp/use", "/tmp/wheels", "refused"}, Env: env, Root: where.root})
	}
	// As on Fedora, and then as on SUSE: no place that Debian's OpenSSL knows.
	for _, file := range []string{"/etc/pki/tls/certs/ca-bundle.crt", "/var/lib/ca-certificates/ca-bundle.pem"} {
		env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "TERM=xterm"}
		must(t, m, machine.Cmd{Args: []string{"install", "-D", "-m", "644", "/tmp/use/ca.pem", file}, Env: env, Root: true})
		must(t, m, machine.Cmd{Args: []string{"/opt/python-3.13.5/bin/python3", "-B", "/tmp/use/use.py", "/tmp/use", "/tmp/wheels", "found"}, Env: env})
		must(t, m, machine.Cmd{Args: []string{"rm", file}, Env: env, Root: true})
	}
}

// buildExtension builds a source distribution with a C extension.
func buildExtension(t *testing.T, m machine.Machine, wheels string) {
	t.Helper()
	copyTo(t, m, wheels, "/tmp/wheels")
	copyTo(t, m, portable, "/tmp/artifact")
	env := []string{"PATH=/usr/bin:/bin", "HOME=/tmp"}
	must(t, m, machine.Cmd{Args: []string{"tar", "xzf", "/tmp/artifact/" + filepath.Base(portable), "-C", "/tmp"}, Env: env})
	python := "/tmp/python-3.13.5/bin/python3"
	must(t, m, machine.Cmd{Args: []string{python, "-m", "venv", "/tmp/venv"}, Env: env})
	pip := []string{"/tmp/venv/bin/pip", "install", "-q", "--no-index", "--find-links", "/tmp/wheels"}
	must(t, m, machine.Cmd{Args: append(pip, "setuptools"), Env: env})
	must(t, m, machine.Cmd{Args: append(pip, "--no-build-isolation", "--no-binary", "markupsafe", "markupsafe"), Env: env})
	must(t, m, machine.Cmd{Args: []string{"/tmp/venv/bin/python", "-c", "import markupsafe._speedups"}, Env: env})
}

// downloadWheels fetches real packages, with the artifact's own pip on this
// host: wheels with and without machine code, and a source distribution.
func downloadWheels(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("tar", "xzf", portable, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	python, wheels := filepath.Join(dir, "python-3.13.5/bin/python3"), filepath.Join(dir, "wheels")
	for _, args := range [][]string{
		{"--only-binary", ":all:", "markupsafe", "six", "setuptools", "requests", "numpy"},
		{"--no-deps", "--no-build-isolation", "--no-binary", "markupsafe", "markupsafe"},
	} {
		if strings.Contains(strings.Join(args, " "), "no-build-isolation") {
			if out, err := exec.Command(python, "-m", "pip", "install", "-q", "--no-index", "--find-links", wheels, "setuptools").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		if out, err := exec.Command(python, append([]string{"-m", "pip", "download", "-q", "-d", wheels}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("pip download %q: %v\n%s", args, err, out)
		}
	}
	return wheels
}

func copyTo(t *testing.T, m machine.Machine, from, to string) {
	t.Helper()
	stream, err := machine.Local().CopyOut(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if err := m.CopyIn(t.Context(), to, stream); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, m machine.Machine, c machine.Cmd) {
	t.Helper()
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := m.Run(t.Context(), c); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
}

// certificates makes a private authority and a server that it answers for.
func certificates(t *testing.T) (ca, cert, key []byte) {
	t.Helper()
	issue := func(template, parent *x509.Certificate, public *ecdsa.PublicKey, signer *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	newKey := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "private authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	server := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter}
	authorityKey, serverKey := newKey(), newKey()
	der, err := x509.MarshalECPrivateKey(serverKey)
	if err != nil {
		t.Fatal(err)
	}
	return issue(authority, authority, &authorityKey.PublicKey, authorityKey), issue(server, authority, &serverKey.PublicKey, authorityKey),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
}
