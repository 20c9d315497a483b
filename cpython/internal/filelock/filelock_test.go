package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAcquire(t *testing.T) {
	name := filepath.Join(t.TempDir(), "made", "a.lock")
	release, err := Acquire(t.Context(), name, func() { t.Error("waited for a free lock") })
	if errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if Free(name) {
		t.Error("a held lock is free")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	waited := 0
	if _, err := Acquire(ctx, name, func() { waited++ }); !errors.Is(err, context.DeadlineExceeded) || waited != 1 {
		t.Errorf("a second lock: %v, told of waiting %d times; want context.DeadlineExceeded, once", err, waited)
	}
	next := make(chan error)
	go func() {
		release, err := Acquire(context.Background(), name, nil)
		if err == nil {
			release()
		}
		next <- err
	}()
	release()
	if err := <-next; err != nil {
		t.Errorf("after it was released: %v", err)
	}
	if !Free(name) {
		t.Error("a released lock is not free")
	}
}

func TestAcquireWhatCannotBeLocked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Acquire(t.Context(), filepath.Join(file, "a.lock"), nil); err == nil {
		t.Error("a lock below a file is no error")
	}
	closed, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if err := try(closed); !errors.Is(err, ErrUnsupported) {
		t.Errorf("try of what has no locks: %v, want ErrUnsupported", err)
	}
}
