//go:build interleave

package interleave

import (
	"sync/atomic"
	"unsafe"
)

// Bool is an atomic.Bool whose accesses are steps.
type Bool struct{ v atomic.Bool }

// Int64 is an atomic.Int64 whose accesses are steps.
type Int64 struct{ v atomic.Int64 }

// Uint32 is an atomic.Uint32 whose accesses are steps.
type Uint32 struct{ v atomic.Uint32 }

// InnerBool is an atomic.Bool whose accesses are steps unless calls of the whole are.
type InnerBool struct{ v atomic.Bool }

// InnerUint64 is an atomic.Uint64 whose accesses are steps unless calls of the whole are.
type InnerUint64 struct{ v atomic.Uint64 }

// Load is a step that reads.
func (b *Bool) Load() bool { reads(b); return b.v.Load() }

// Store is a step that writes.
func (b *Bool) Store(to bool) { Writes(b); b.v.Store(to) }

// Swap is a step that writes.
func (b *Bool) Swap(to bool) bool { Writes(b); return b.v.Swap(to) }

// CompareAndSwap is a step that writes.
func (b *Bool) CompareAndSwap(from, to bool) bool { Writes(b); return b.v.CompareAndSwap(from, to) }

// Load is a step that reads.
func (i *Int64) Load() int64 { reads(i); return i.v.Load() }

// Store is a step that writes.
func (i *Int64) Store(to int64) { Writes(i); i.v.Store(to) }

// Add is a step that writes.
func (i *Int64) Add(n int64) int64 { Writes(i); return i.v.Add(n) }

// Load is a step that reads.
func (u *Uint32) Load() uint32 { reads(u); return u.v.Load() }

// Store is a step that writes.
func (u *Uint32) Store(to uint32) { Writes(u); u.v.Store(to) }

// Load is an inner step that reads.
func (b *InnerBool) Load() bool { inner(b, operation{}); return b.v.Load() }

// Store is an inner step that writes.
func (b *InnerBool) Store(to bool) { inner(b, operation{writes: true}); b.v.Store(to) }

// Load is an inner step that reads.
func (u *InnerUint64) Load() uint64 { inner(u, operation{}); return u.v.Load() }

// Store is an inner step that writes.
func (u *InnerUint64) Store(to uint64) { inner(u, operation{writes: true}); u.v.Store(to) }

// CompareAndSwap is an inner step that writes.
func (u *InnerUint64) CompareAndSwap(from, to uint64) bool {
	inner(u, operation{writes: true})
	return u.v.CompareAndSwap(from, to)
}

// Or is an inner step that writes.
func (u *InnerUint64) Or(mask uint64) uint64 { inner(u, operation{writes: true}); return u.v.Or(mask) }

// Writes is a step that changes something that others can see and that is no variable of this package.
func Writes[T any](what *T) { announce(operation{on: unsafe.Pointer(what), writes: true}) }

func reads[T any](what *T) { announce(operation{on: unsafe.Pointer(what)}) }

// inner is a step if calls are taken apart.
func inner[T any](what *T, o operation) {
	if !whole() {
		o.on = unsafe.Pointer(what)
		announce(o)
	}
}

// Calls is a field of a data structure with inner variables.
type Calls struct{ _ byte }

// Begin says that a call begins which may change the data structure: a step that writes, if calls are steps. What
// follows, up to the next step, then happens at once.
func (c *Calls) Begin() {
	if whole() {
		Writes(c)
	}
}

// Look is Begin for a call that changes nothing.
func (c *Calls) Look() {
	if whole() {
		reads(c)
	}
}

// whole reports whether calls are steps, and what is in them not.
func whole() bool { return active == nil || active.search.limits.Grain == Whole }

// Wait is a step that reads what, and one that a thread cannot take before ready says that there is something for it:
// how a thread sleeps. The result is false if that will never be, because all others sleep or have ended too; the
// thread should then end. A thread that comes back without anybody having written anything is spinning, and others go
// first.
func Wait[T any](what *T, ready func() bool) bool {
	return announce(operation{on: unsafe.Pointer(what), ready: ready})
}
