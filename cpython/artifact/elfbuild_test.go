package artifact

import "github.com/2-coatl/cpython-prebuilt/cpython/artifact/internal/elfspec"

// An elfSpec describes a small ELF file to make.
type elfSpec = elfspec.Spec
