package engine

import (
	"errors"

	"github.com/ioverlay/ioverlay/internal/interleave"
)

// A ring of bytes in memory that two processes share (docs/wire.md, section 12). The
// writer is one end of a lane and the reader the other, and neither trusts the other:
//
//   - what the other end writes is read once, judged, and kept; a position that cannot
//     be ends the lane (errRing);
//   - an offset is taken modulo the size, whatever it was made from, so that none lies outside;
//   - bytes are copied before they are looked at;
//   - nothing here waits. Who finds no bytes, or no room, says so and looks once more,
//     and the other sends a kick when it sees that (shmLink.kick).
//
// interleave_test.go tries every order of the accesses.

// errRing says that the other end of a ring has broken the rules.
var errRing = errors.New("the peer wrote an impossible position into the memory that it shares")

// ringWords are what the ends of a ring tell each other. Each line of the cache has one
// writer while data flows.
type ringWords struct {
	tail   interleave.Int64 // written in all; the writer's
	origin interleave.Int64 // position that lies at offset 0 of the bytes; the writer's
	_      [48]byte
	head   interleave.Int64 // read in all; the reader's
	_      [56]byte
	asleep interleave.Bool // the reader waits for bytes; it sets it, and the writer clears it
	_      [60]byte
	full   interleave.Bool // the writer waits for room; it sets it, and the reader clears it
}

// ringWriter is the writing end. It belongs to one loop.
type ringWriter struct {
	words              *ringWords
	bytes              []byte
	tail, origin, head uint64 // head as it was last seen
}

// ringReader is the reading end. It belongs to one loop.
type ringReader struct {
	words      *ringWords
	bytes      []byte
	tail, head uint64 // tail as it was last seen
}

// look reads the reader's position.
func (w *ringWriter) look() error {
	h := uint64(w.words.head.Load())
	if h < w.head || h > w.tail {
		return errRing
	}
	w.head = h
	return nil
}

// room is how many bytes can be written, as far as was seen.
func (w *ringWriter) room() int { return len(w.bytes) - int(w.tail-w.head) }

// write copies as much of ps as there is room for, and returns how much that is.
func (w *ringWriter) write(ps [][]byte) (int, error) {
	if err := w.look(); err != nil {
		return 0, err
	}
	if w.head == w.tail && w.origin != w.tail {
		// Nothing is under way: begin anew at the start, whose memory is there and in
		// the cache. A lane with little to say so stays small.
		w.origin = w.tail
		w.words.origin.Store(int64(w.origin))
	}
	began := w.tail
	for _, p := range ps {
		p = p[:min(len(p), w.room())]
		at := (w.tail - w.origin) % uint64(len(w.bytes))
		n := copy(w.bytes[at:], p)
		copy(w.bytes, p[n:])
		w.tail += uint64(len(p))
	}
	if w.tail != began {
		w.words.tail.Store(int64(w.tail))
	}
	return int(w.tail - began), nil
}

// awaitRoom says that the writer waits for half of the ring, unless that is there
// already: then the result is false.
func (w *ringWriter) awaitRoom() (bool, error) {
	w.words.full.Store(true)
	// The reader may have made room before it could see that.
	if err := w.look(); err != nil {
		return false, err
	}
	if !halfFree(w.tail, w.head, len(w.bytes)) {
		return true, nil
	}
	w.words.full.Store(false)
	return false, nil
}

// wakes reports whether the reader has to be woken, after a write.
func (w *ringWriter) wakes() bool {
	return w.words.asleep.Load() && w.words.asleep.Swap(false)
}

// halfFree reports whether at least half of a ring of so many bytes is free.
func halfFree(tail, head uint64, size int) bool { return tail-head <= uint64(size/2) }

// look reads the writer's position and returns how many bytes there are to read.
func (r *ringReader) look() (int, error) {
	t := uint64(r.words.tail.Load())
	if t < r.tail || t-r.head > uint64(len(r.bytes)) {
		return 0, errRing
	}
	r.tail = t
	return int(t - r.head), nil
}

// read copies what there is, and fits into p, and returns how much that is.
func (r *ringReader) read(p []byte) (int, error) {
	have, err := r.look()
	if have == 0 {
		return 0, err
	}
	p = p[:min(len(p), have)]
	// The writer changes the origin only when it sees that all has been read, so this
	// is that of the bytes before tail.
	at := (r.head - uint64(r.words.origin.Load())) % uint64(len(r.bytes))
	n := copy(p, r.bytes[at:])
	copy(p[n:], r.bytes)
	r.took(len(p))
	return len(p), nil
}

// discard reads what there is and drops it.
func (r *ringReader) discard() error {
	have, err := r.look()
	if have > 0 {
		r.took(have)
	}
	return err
}

func (r *ringReader) took(n int) {
	r.head += uint64(n)
	r.words.head.Store(int64(r.head))
}

// wakes reports whether the writer has to be woken, after a read.
func (r *ringReader) wakes() bool {
	return r.words.full.Load() && halfFree(r.tail, r.head, len(r.bytes)) && r.words.full.Swap(false)
}

// sleep says that the reader waits for bytes, unless there are some: then the result is
// false.
func (r *ringReader) sleep() (bool, error) {
	r.words.asleep.Store(true)
	// The writer may have written before it could see that.
	have, err := r.look()
	if have == 0 && err == nil {
		return true, nil
	}
	r.words.asleep.Store(false)
	return false, err
}
