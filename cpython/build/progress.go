package build

import (
	"sync"
	"time"
)

// Progress is how far a build is.
type Progress struct {
	Step      string        // name of the step that runs
	Number    int           // of the step, from 1
	Steps     int           // how many there are
	Elapsed   time.Duration // since the build began
	Remaining time.Duration // an estimate, from what the steps so far took
}

// reportProgress calls Progress now and every second until the function that it
// returns is called.
func (s *session) reportProgress(i int) (stop func()) {
	if s.Progress == nil {
		return func() {}
	}
	started := time.Now()
	report := func() {
		s.Progress(Progress{
			Step: s.plan.Steps[i].Name, Number: i + 1, Steps: len(s.plan.Steps),
			Elapsed: time.Since(s.started), Remaining: s.remaining(i, time.Since(started)),
		})
	}
	report()
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				report()
			}
		}
	})
	return func() {
		close(done)
		running.Wait()
	}
}

// remaining scales what the plan expects of this and the later steps by how
// long the finished ones took against what it expected of them.
func (s *session) remaining(i int, inStep time.Duration) time.Duration {
	var expected, took time.Duration
	for _, t := range s.timings {
		took += t.Took
	}
	for _, step := range s.plan.Steps[:i] {
		expected += step.Expect
	}
	scale := 1.0
	if expected > 10*time.Second && took > 0 { // before that, a slow download would decide everything
		scale = float64(took) / float64(expected)
	}
	var left time.Duration
	for _, step := range s.plan.Steps[i:] {
		left += time.Duration(float64(step.Expect) * scale)
	}
	here := time.Duration(float64(s.plan.Steps[i].Expect) * scale)
	return left - min(inStep, here)
}
