package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// A compressor takes a stream and makes a gzip member of it, a block at a time
// and several blocks at the same time. The result does not depend on how many:
// every block is compressed by itself, by a writer of its own. It holds the
// compressed blocks, since the table of their lengths comes before them.
type compressor struct {
	ctx    context.Context
	size   int    // bytes of a block
	block  []byte // being filled
	crc    uint32
	total  int64
	slots  chan struct{} // one for each block under way
	blocks []*packedBlock
	wait   sync.WaitGroup
}

type packedBlock struct {
	data []byte
	err  error
}

func newCompressor(ctx context.Context, concurrency, size int) *compressor {
	return &compressor{ctx: ctx, size: size, block: make([]byte, 0, size), slots: make(chan struct{}, concurrency)}
}

// Write takes the next part of the stream.
func (c *compressor) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if len(c.block) == c.size { // only now is it known not to be the last one
			if err := c.start(false); err != nil {
				return 0, err
			}
		}
		k := min(len(p), c.size-len(c.block))
		c.block = append(c.block, p[:k]...)
		p = p[k:]
	}
	return n, nil
}

// start hands the block over to be compressed.
func (c *compressor) start(last bool) error {
	select {
	case <-c.ctx.Done():
		return fmt.Errorf("pack: %w", context.Cause(c.ctx))
	case c.slots <- struct{}{}:
	}
	c.crc = crc32.Update(c.crc, crc32.IEEETable, c.block)
	c.total += int64(len(c.block))
	if c.total > maxUnpacked {
		return fmt.Errorf("pack: the tree has more than %d bytes", int64(maxUnpacked))
	}
	input, result := c.block, &packedBlock{}
	c.blocks = append(c.blocks, result)
	c.wait.Go(func() {
		result.data, result.err = deflate(input, last)
		<-c.slots
	})
	c.block = make([]byte, 0, c.size)
	return nil
}

// deflate compresses one block. A fresh writer has no memory of other blocks,
// so that the result depends on nothing else.
//
// The compressor chooses its codes for as many as 32,768 symbols at a time,
// which is more than stays of one kind in a tree of many small files. Flushing
// more often makes it choose anew: 0.7 % smaller at no cost in time, measured.
func deflate(input []byte, last bool) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(input)/2 + 64)
	w, err := flate.NewWriter(&out, 8)
	if err != nil {
		return nil, err
	}
	for len(input) > splitSize {
		if _, err := w.Write(input[:splitSize]); err != nil {
			return nil, err
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
		input = input[splitSize:]
	}
	if _, err := w.Write(input); err != nil {
		return nil, err
	}
	if last {
		err = w.Close()
	} else {
		err = w.Flush() // ends in an empty stored block, on a byte
	}
	return out.Bytes(), err
}

// finish waits for all blocks and writes the member. It returns its digest and
// size.
func (c *compressor) finish(w io.Writer) (digest string, size int64, err error) {
	if err := c.start(true); err != nil {
		return "", 0, err
	}
	c.wait.Wait()
	table := flushTable{packer: packer, size: c.size, total: c.total}
	for _, b := range c.blocks {
		if b.err != nil {
			return "", 0, fmt.Errorf("pack: %w", b.err)
		}
		table.packed = append(table.packed, len(b.data))
	}
	header, err := encodeGzipHeader(table)
	if err != nil {
		return "", 0, err
	}
	sum := sha256.New()
	write := func(p []byte) {
		if err == nil {
			sum.Write(p)
			_, err = w.Write(p)
			size += int64(len(p))
		}
	}
	write(header)
	for _, b := range c.blocks {
		write(b.data)
	}
	trailer := binary.LittleEndian.AppendUint32(nil, c.crc)
	write(binary.LittleEndian.AppendUint32(trailer, uint32(c.total)))
	switch {
	case err != nil:
		return "", 0, fmt.Errorf("pack: %w", err)
	case size > maxPacked:
		return "", 0, fmt.Errorf("pack: the artifact has %d bytes, wanted at most %d", size, maxPacked)
	}
	return hex.EncodeToString(sum.Sum(nil)), size, nil
}

// abandon waits for what is under way, so that nothing outlives Pack.
func (c *compressor) abandon() { c.wait.Wait() }
