package devcontainer_test

import (
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

func TestResolve(t *testing.T) {
	known := devcontainer.Variables{
		LocalEnv:                 map[string]string{"HOME": "/home/a", "EMPTY": "", "NESTED": "${localEnv:HOME}"},
		LocalWorkspaceFolder:     "/src/my project/",
		ContainerWorkspaceFolder: "/workspaces/${localWorkspaceFolderBasename}",
		IDLabels:                 devcontainer.IDLabels("/src/my project", "/src/my project/.devcontainer/devcontainer.json"),
	}
	windows := devcontainer.Variables{LocalEnv: map[string]string{"UserProfile": `C:\Users\a`}, LocalWorkspaceFolder: `C:\src\app`, Windows: true}
	for _, test := range []struct {
		name, text string
		v          devcontainer.Variables
		want       string
	}{
		{"nothing", "a $b {c} ${", known, "a $b {c} ${"},
		{"environment", "${localEnv:HOME}/x ${env:HOME}", known, "/home/a/x /home/a"},
		{"empty", "<${localEnv:EMPTY:default}>", known, "<>"},
		{"not set", "<${localEnv:NO}>", known, "<>"},
		{"default", "${localEnv:NO:a:b}", known, "a"},
		{"not twice", "${localEnv:NESTED}", known, "${localEnv:HOME}"},
		{"no name", "${localEnv} ${localEnv:}", known, "${localEnv} "},
		{"folders", "${localWorkspaceFolder} ${localWorkspaceFolderBasename}", known, "/src/my project/ my project"},
		{"in the container", "${containerWorkspaceFolder} ${containerWorkspaceFolderBasename}", known, "/workspaces/my project my project"},
		{"not known yet", "${containerEnv:PATH} ${containerEnv:X:y}", known, "${containerEnv:PATH} ${containerEnv:X:y}"},
		{"known in the container", "${containerEnv:PATH}:/x", devcontainer.Variables{ContainerEnv: map[string]string{"PATH": "/bin"}}, "/bin:/x"},
		{"of a shell", "${HOME} ${X:-y}", known, "${HOME} ${X:-y}"},
		{"nothing known", "${localEnv:HOME:x} ${localWorkspaceFolder} ${devcontainerId}", devcontainer.Variables{}, "${localEnv:HOME:x} ${localWorkspaceFolder} ${devcontainerId}"},
		{"windows", "${localEnv:USERPROFILE} ${localWorkspaceFolderBasename}", windows, `C:\Users\a app`},
		{"over two lines", "${local\nEnv:HOME}", known, "${local\nEnv:HOME}"},
		// Computed with the reference implementation (devcontainers/cli 0.89.0).
		{"id", "${devcontainerId}", known, "1dq8ducn8vedkpt92o66jt3tepgaa36pquc7fokduugdvpdhukbh"},
		{"id of odd labels", "${devcontainerId}", devcontainer.Variables{IDLabels: map[string]string{"z<&>\u2028\"\\\u0001\t": "é\u2029\u007f😀", "a": ""}},
			"02ntpug2ptiuqs6kadmorusffmie0q8c362ao58fqppoo5veq8mo"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := devcontainer.Resolve(test.text, test.v); got != test.want {
				t.Errorf("Resolve(%q) is %q, wanted %q", test.text, got, test.want)
			}
		})
	}
}
