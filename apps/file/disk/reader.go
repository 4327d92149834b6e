package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/ioverlay/ioverlay/apps/file"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// ErrChanged is the error of a file that is not any more what it was when it was described.
var ErrChanged = errors.New("disk: the file has changed since it was described")

// Reader is a file that a source sends. It implements file.Blocks.
type Reader struct {
	Manifest file.Manifest
	Tree     *file.Tree

	from   *os.File
	app    uint32
	slots  [slots]slot
	asked  chan int
	wants  atomic.Bool // the source waits
	failed chan error
	node   *engine.Node
	all    sync.WaitGroup
}

// slots is more than a source fetches ahead, and a power of two: block i is in slot i%slots.
const slots = 64

// slot is a block that is being read, or was. Whose it is follows from its state: the loop's when empty or ready, else the reader's.
type slot struct {
	state atomic.Uint32
	block int
	buf   []byte
}

const (
	empty uint32 = iota
	asked
	ready
)

// Describe opens a file and finds out what its manifest is, which takes a pass over it. Progress, if set, is told how many bytes there are
// and were read. A block length of 0 is file.BlockLenFor the file.
func Describe(ctx context.Context, path string, blockLen int, progress func(read, all int64)) (r *Reader, err error) {
	info, err := os.Stat(path) // before it is opened: a pipe would wait for a writer there
	switch {
	case err != nil:
		return nil, fmt.Errorf("disk: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("disk: %s is no file: a transfer needs its length and may read it more than once", path)
	}
	from, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("disk: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, from.Close())
		}
	}()
	if blockLen == 0 {
		blockLen = file.BlockLenFor(info.Size())
	}
	d, err := file.NewDescriber(filepath.Base(path), blockLen)
	if err != nil {
		return nil, err
	}
	buf := make([]byte, 1<<20)
	for at := int64(0); ; {
		n, e := from.Read(buf)
		if _, err := d.Write(buf[:n]); err != nil {
			return nil, err
		}
		if at += int64(n); progress != nil {
			progress(at, info.Size())
		}
		switch {
		case errors.Is(e, io.EOF):
			m, t, err := d.End()
			if err != nil {
				return nil, err
			}
			return &Reader{Manifest: m, Tree: t, from: from, asked: make(chan int, slots), failed: make(chan error, 1)}, nil
		case e != nil:
			return nil, fmt.Errorf("disk: %w", e)
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		}
	}
}

// Start begins to read for a source of an application at a node. It must be called before the source is added.
func (r *Reader) Start(n *engine.Node, app uint32) {
	r.node, r.app = n, app
	r.all.Go(r.run)
}

// Failed says that the file could not be read, or has changed, once.
func (r *Reader) Failed() <-chan error { return r.failed }

// Close ends the reading, when the node has ended, or has never begun.
func (r *Reader) Close() error {
	close(r.asked)
	r.all.Wait()
	return r.from.Close()
}

// Fetch implements file.Blocks.
func (r *Reader) Fetch(block int) {
	s := &r.slots[block%slots]
	switch state := s.state.Load(); {
	case state == asked, state == ready && s.block == block:
		return
	}
	s.block = block
	s.state.Store(asked)
	r.asked <- block // there is room for all slots
}

// Read implements file.Blocks.
func (r *Reader) Read(block int, dst []byte) bool {
	s := &r.slots[block%slots]
	r.wants.Store(true) // before the look: what is read after it wakes the source
	if s.state.Load() != ready || s.block != block {
		r.Fetch(block)
		return false
	}
	r.wants.Store(false)
	copy(dst, s.buf)
	s.state.Store(empty)
	return true
}

// run reads what is asked for.
func (r *Reader) run() {
	hasher := file.NewHasher()
	for block := range r.asked {
		s := &r.slots[block%slots]
		if cap(s.buf) == 0 {
			s.buf = make([]byte, r.Manifest.BlockLen)
		}
		s.buf = s.buf[:r.Manifest.Size(block)]
		_, err := r.from.ReadAt(s.buf, int64(block)*int64(r.Manifest.BlockLen))
		if errors.Is(err, io.EOF) || err == nil && hasher.Leaf(s.buf) != r.Tree.Leaf(block) {
			err = ErrChanged
		}
		if err != nil {
			r.failed <- fmt.Errorf("disk: read block %d of %s: %w", block, r.from.Name(), err)
			for range r.asked { // until it is closed: the source waits for ever
			}
			return
		}
		s.state.Store(ready)
		if r.wants.Swap(false) {
			_ = r.node.Do(func(c *core.Node) { c.WakeSource(r.app) }) // a node that has ended needs no more
		}
	}
}
