package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// requirementsOf computes the requirements of a tree that is about to be packed,
// in the folder dir. What begins as an ELF file does and is none is no error:
// Verify tells what is wrong with it.
func requirementsOf(ctx context.Context, dir string, entries []*source, info BuildInfo) (Requirements, error) {
	t := &elfTree{info: info, links: info.Links}
	for _, s := range entries {
		if s.kind != regular || s.size > maxHeld || ctx.Err() != nil {
			continue
		}
		data, err := readIfELF(filepath.Join(dir, filepath.FromSlash(s.below)))
		if err != nil {
			return Requirements{}, fmt.Errorf("pack: %w", err)
		}
		if data != nil {
			f, err := readELF(s.below, data)
			t.put(s.below, f, err, nil)
		}
	}
	if ctx.Err() != nil {
		return Requirements{}, fmt.Errorf("pack: %w", context.Cause(ctx))
	}
	return computeRequirements(t), nil
}

// readIfELF returns the content of a file that begins as an ELF file does, and
// nil of any other.
func readIfELF(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 4)
	if n, err := io.ReadFull(f, head); n < len(head) {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil
		}
		return nil, err
	}
	if !isELF(head) {
		return nil, nil
	}
	rest, err := io.ReadAll(f)
	return append(head, rest...), err
}

// computeRequirements returns what the ELF files of a tree need of the machine
// that they run on. Only files, links and the platform of the tree are used.
func computeRequirements(t *elfTree) Requirements {
	req := Requirements{Symbols: map[string]string{}}
	inTree, missing := t.libraries(), map[string]bool{}
	level := levelNumber(t.info.Ref.Platform.Level)
	t.linked(func(name string, f *elfFile) {
		if req.Interpreter == "" && f.executable() {
			req.Interpreter = f.interpreter
		}
		level = max(level, isaLevel(f.isaNeeded))
		for _, soname := range f.needed {
			if _, ok := inTree[soname]; !ok && !ofGlibc(soname) {
				missing[soname] = true
			}
		}
	})
	t.systemVersions(func(_ string, v elfVersion) {
		if compareNumbers(v.version, req.Symbols[v.prefix]) > 0 {
			req.Symbols[v.prefix] = v.version
		}
	})
	if len(req.Symbols) == 0 {
		req.Symbols = nil
	}
	req.Sonames = slices.Sorted(maps.Keys(missing))
	if level > 1 {
		req.ISA = levelName(level)
	}
	return req
}
