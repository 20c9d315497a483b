//go:build !linux && !darwin && !windows

package devcontainer

import "errors"

func freeDisk(string) (int64, error) { return 0, errors.ErrUnsupported }

func portTaken(error) bool { return false }
