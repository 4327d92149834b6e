//go:build race || slabdebug

package bufpool

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
)

// Tracing says whether this build records who holds each slab. It is on under -race and with the build tag slabdebug.
const Tracing = true

// refcount is the number of references to a slab and the record of how it came about.
//
// It orders goroutines no more than the plain build's one atomic does, since every change of that orders them too; so
// the race detector sees the same races.
type refcount struct {
	n  atomic.Int32 // changed only with mu held
	mu sync.Mutex   // guards h
	h  history
}

// start gives the slab its first reference. A byte that is no longer poison has been written since the last one was
// released.
func (s *Slab) start() {
	r := &s.refs
	r.mu.Lock()
	defer r.mu.Unlock()
	if at := notPoison(s.bytes); at >= 0 {
		panic(fmt.Sprintf("bufpool: byte %d of %s was written (%#02x) after its last reference was released\n%s",
			at, s.name(), s.bytes[at], r.h.text()))
	}
	r.n.Store(1)
	r.h.restart()
	r.h.record(evGet, 1)
}

func (s *Slab) retain() {
	r := &s.refs
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.n.Load()
	if n < 1 {
		panic(s.misuse("Retain"))
	}
	r.n.Store(n + 1)
	r.h.record(evRetain, n+1)
}

// release drops a reference and says whether it was the last.
func (s *Slab) release() bool {
	r := &s.refs
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.n.Load()
	if n < 1 {
		panic(s.misuse("Release"))
	}
	r.n.Store(n - 1)
	r.h.record(evRelease, n-1)
	return n == 1
}

func (s *Slab) unique() bool {
	s.mustBeHeld("Unique")
	return s.refs.n.Load() == 1
}

// mustBeHeld panics if nobody holds the slab that somebody is about to use.
func (s *Slab) mustBeHeld(use string) {
	if s.refs.n.Load() >= 1 {
		return
	}
	s.refs.mu.Lock()
	defer s.refs.mu.Unlock()
	panic(s.misuse(use))
}

// misuse describes the use of a slab that nobody holds. The caller holds refs.mu.
func (s *Slab) misuse(use string) string {
	return fmt.Sprintf("bufpool: %s of %s, which nobody holds\n%s", use, s.name(), s.refs.h.text())
}

func (s *Slab) name() string { return fmt.Sprintf("a slab of %d bytes", len(s.bytes)) }

// poisonByte is unlikely in real data, odd, not ASCII, and as a size or a pointer far out of range.
const poisonByte = 0xDB

var poisonRun = bytes.Repeat([]byte{poisonByte}, 4096)

// poison overwrites the block, so that reading it later is noticed: by what is read, or by the race detector.
func (s *Slab) poison() {
	for b := s.bytes; len(b) > 0; {
		b = b[copy(b, poisonRun):]
	}
}

// notPoison is the index of the first byte of b that is not poison; -1 if all are.
func notPoison(b []byte) int {
	for at := 0; at < len(b); at += len(poisonRun) {
		run := b[at:min(at+len(poisonRun), len(b))]
		if bytes.Equal(run, poisonRun[:len(run)]) {
			continue
		}
		for i, v := range run {
			if v != poisonByte {
				return at + i
			}
		}
	}
	return -1
}

// heldSet is the list of slabs that callers hold, in the order in which they were taken.
type heldSet struct {
	mu   sync.Mutex
	list freeList // the latest taken on top
}

func (h *heldSet) add(s *Slab) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list.push(s)
}

func (h *heldSet) remove(s *Slab) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list.unlink(s)
}

// Leaks describes each slab now held by callers, with its history, the earliest taken first; nil if there are none.
func (p *Pool) Leaks() []string {
	p.held.mu.Lock()
	defer p.held.mu.Unlock()
	var leaks []string
	for s := p.held.list.bottom; s != nil; s = s.above {
		leaks = append(leaks, s.describe())
	}
	return leaks
}

func (s *Slab) describe() string {
	s.refs.mu.Lock()
	defer s.refs.mu.Unlock()
	return fmt.Sprintf("%s, references: %d\n%s", s.name(), s.refs.n.Load(), s.refs.h.text())
}
