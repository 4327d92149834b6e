//go:build isal && cgo && amd64

package climit

// #cgo LDFLAGS: -lisal
// #include <stdlib.h>
// #include "limit.h"
import "C"

import (
	"runtime"
	"slices"
	"time"
	"unsafe"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// Available reports whether there is C in this build and the processor can run it.
func Available() bool { return slices.Contains(gf.Levels(), gf.GFNI512) }

// Work is a sum to be made, again and again. Its packets stay where they are until the program ends.
type Work struct {
	job *C.job
	pin runtime.Pinner
	way int // of the limit, the fastest
}

// New prepares, and makes, results that are each the sum of the sources with its row's coefficients: one or four, all of one size.
func New(dsts, srcs, rows [][]byte) *Work {
	w := newWork()
	j := w.job
	j.n, j.k, j.size = C.int(len(dsts)), C.int(len(srcs)), C.size_t(len(dsts[0]))
	j.dsts, j.srcs, j.rows = w.list(dsts), w.list(srcs), w.list(rows)
	w.prepare(len(dsts) * len(srcs))
	return w
}

// NewMulAdd prepares the addition of one packet to another, times each of 256 coefficients in turn. It adds some already.
func NewMulAdd(dst, src, coefs []byte) *Work {
	if len(coefs) != 256 {
		panic("climit: coefficients are 256, so that the index of the next need not be looked at")
	}
	w := newWork()
	j := w.job
	j.n, j.k, j.size = 1, 1, C.size_t(len(dst))
	j.dsts, j.srcs, j.coefs = w.list([][]byte{dst}), w.list([][]byte{src}), w.pointer(coefs)
	w.prepare(len(coefs))
	return w
}

func newWork() *Work { return &Work{job: (*C.job)(C.calloc(1, C.sizeof_job))} }

// pointer pins a slice, so that C may keep where it is.
func (w *Work) pointer(b []byte) *C.uint8_t {
	p := unsafe.SliceData(b)
	w.pin.Pin(p)
	return (*C.uint8_t)(p)
}

func (w *Work) list(all [][]byte) **C.uint8_t {
	list := (**C.uint8_t)(C.calloc(C.size_t(len(all)), C.size_t(unsafe.Sizeof(uintptr(0)))))
	for i, to := 0, unsafe.Slice(list, len(all)); i < len(all); i++ {
		to[i] = w.pointer(all[i])
	}
	return list
}

func (w *Work) prepare(coefs int) {
	const tableBytes = 32
	w.job.tables = (*C.uint8_t)(C.malloc(C.size_t(coefs * tableBytes)))
	C.isal_prepare(w.job)
	w.choose()
}

// Limit does the work so many times in the way that is the fastest here.
func (w *Work) Limit(times int) {
	C.limit_run(w.job, C.int(w.way), C.long(times))
}

// ISAL does the work so many times with ISA-L.
func (w *Work) ISAL(times int) { C.isal_run(w.job, C.long(times)) }

// Rewind makes the first coefficient the next one.
func (w *Work) Rewind() { w.job.next = 0 }

// choose finds the fastest way: by the least time of several, since what disturbs makes them longer only.
func (w *Work) choose() {
	const rounds, calls = 15, 8
	ways := int(C.limit_ways(w.job))
	least := slices.Repeat([]time.Duration{1 << 62}, ways)
	for range rounds {
		for way := range ways {
			start := time.Now()
			C.limit_run(w.job, C.int(way), calls)
			least[way] = min(least[way], time.Since(start))
		}
	}
	w.way = slices.Index(least, slices.Min(least))
	w.job.next = 0
}
