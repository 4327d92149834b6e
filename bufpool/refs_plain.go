//go:build !race && !slabdebug

package bufpool

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// Tracing says whether this build records who holds each slab. It is on under -race and with the build tag slabdebug.
const Tracing = false

// refcount is the number of references to a slab and nothing else.
type refcount struct {
	n atomic.Int32
}

func (s *Slab) start() { s.refs.n.Store(1) }

func (s *Slab) retain() {
	if s.refs.n.Add(1) <= 1 {
		panicRetain()
	}
}

// release drops a reference and says whether it was the last.
func (s *Slab) release() bool {
	n := s.refs.n.Add(-1)
	if n < 0 {
		panicRelease()
	}
	return n == 0
}

func (s *Slab) unique() bool { return s.refs.n.Load() == 1 }

func (s *Slab) mustBeHeld(string) {}

func (s *Slab) poison() {}

// The panics are functions of their own so that retain and release stay small enough to be inlined.

func panicRetain() {
	panic("bufpool: Retain of a slab that nobody holds; build with -tags slabdebug to see who released it")
}

func panicRelease() {
	panic("bufpool: Release of a slab that nobody holds; build with -tags slabdebug to see who released it before")
}

// heldSet keeps nothing in this build.
type heldSet struct{}

func (heldSet) add(*Slab)    {}
func (heldSet) remove(*Slab) {}

// Leaks describes the slabs now held by callers; nil if there are none. In this build it is one line that counts them;
// the tracing build describes each with its history.
func (p *Pool) Leaks() []string {
	out := p.outByClass()
	var parts []string
	total := 0
	for c, n := range out {
		if n > 0 {
			total += n
			parts = append(parts, fmt.Sprintf("%d of %d bytes", n, class(c).usable()))
		}
	}
	if total == 0 {
		return nil
	}
	return []string{fmt.Sprintf("slabs held: %d (%s); build with -tags slabdebug to see by whom",
		total, strings.Join(parts, ", "))}
}
