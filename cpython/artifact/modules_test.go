package artifact_test

import (
	"maps"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

func TestModuleStates(t *testing.T) {
	const makefile = `# MODULE_EGG_STATE=yes  # yes, missing, disabled, n/a
MODULE__SSL_STATE=yes
MODULE__SSL_LDFLAGS=-lssl
MODULE__TKINTER_STATE=disabled
MODULE__GDBM_STATE=missing
MODULE__SCPROXY_STATE=n/a
MODULE_XXLIMITED_35_STATE= yes # why not
MODULE_EMPTY_STATE=
`
	want := map[string]string{"_ssl": "yes", "_tkinter": "disabled", "_gdbm": "missing", "_scproxy": "n/a", "xxlimited_35": "yes", "empty": ""}
	if got := artifact.ModuleStates(makefile); !maps.Equal(got, want) {
		t.Errorf("got %v, wanted %v", got, want)
	}
}
