package artifact

import (
	"iter"
	"maps"
	"slices"
)

// sorted goes through a map in the order of its keys: reports have one order.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}
