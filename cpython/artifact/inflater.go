package artifact

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/internal/inflate"
)

// maxWorkers bounds how many blocks are inflated at once, and with it memory:
// about 2 MiB for each and for two more.
const maxWorkers = 16

// An inflater inflates the blocks of a table, several at the same time, and
// hands them out in order.
type inflater struct {
	table flushTable
	order chan *inflateJob // in the order of the stream
	free  chan *inflateJob // to be used again
	quit  chan struct{}
	wait  sync.WaitGroup
	last  *inflateJob // the one whose output was handed out
	fed   error       // why the feeder stopped; set before order is closed
}

// An inflateJob is one block.
type inflateJob struct {
	packed []byte
	output []byte
	last   bool
	err    error
	done   chan struct{} // takes one value when the block is inflated
}

var errStopped = errors.New("stopped")

// newInflater starts reading from r, which belongs to the inflater until stop.
func newInflater(r io.Reader, table flushTable, workers int) *inflater {
	workers = min(workers, maxWorkers, table.blocks())
	f := &inflater{table: table, quit: make(chan struct{}),
		order: make(chan *inflateJob, workers+2), free: make(chan *inflateJob, workers+2)}
	for range workers + 2 {
		f.free <- &inflateJob{done: make(chan struct{}, 1)}
	}
	jobs := make(chan *inflateJob, workers+2)
	f.wait.Go(func() {
		defer close(f.order)
		defer close(jobs)
		f.fed = f.feed(r, jobs)
	})
	for range workers {
		f.wait.Go(func() {
			var d inflate.Decoder
			for job := range jobs {
				job.err = d.Decode(job.output, job.packed, job.last)
				job.done <- struct{}{}
			}
		})
	}
	return f
}

// feed reads the blocks one after the other. What it has read is always found
// in order, so that nothing is lost when the blocks turn out not to be blocks.
func (f *inflater) feed(r io.Reader, jobs chan<- *inflateJob) error {
	for i, size := range f.table.packed {
		var job *inflateJob
		select {
		case <-f.quit:
			return errStopped
		case job = <-f.free:
		}
		job.packed = sized(job.packed, size)
		job.output = sized(job.output, f.table.blockLen(i))
		job.last = i == len(f.table.packed)-1
		n, err := io.ReadFull(r, job.packed)
		job.packed = job.packed[:n]
		if err != nil {
			job.err = err
			job.done <- struct{}{}
			f.order <- job
			return err
		}
		jobs <- job // never full: there are no more jobs than places
		f.order <- job
	}
	return io.EOF
}

// sized returns a slice of n bytes and the slack that the decoder likes,
// p itself when it is large enough.
func sized(p []byte, n int) []byte {
	if cap(p) < n+inflate.Slack {
		p = make([]byte, n+inflate.Slack)
	}
	return p[:n]
}

// next returns the next block, valid until the next call; io.EOF after the
// last one. Any other error is the inflater's last word: see stop.
func (f *inflater) next() ([]byte, error) {
	if f.last != nil {
		f.free <- f.last
		f.last = nil
	}
	job, ok := <-f.order
	if !ok {
		return nil, f.fed
	}
	<-job.done
	f.last = job
	if job.err != nil {
		return nil, job.err
	}
	return job.output, nil
}

// stop ends everything in the background and returns what was read and not
// handed out, from the block on that next failed at.
func (f *inflater) stop() io.Reader {
	close(f.quit)
	var rest []io.Reader
	if f.last != nil && f.last.err != nil {
		rest = append(rest, bytes.NewReader(f.last.packed))
	}
	for job := range f.order {
		<-job.done
		rest = append(rest, bytes.NewReader(job.packed))
	}
	f.wait.Wait()
	return io.MultiReader(rest...)
}
