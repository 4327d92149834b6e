//go:build !interleave

package interleave

import (
	"sync/atomic"
	"testing"
	"unsafe"
)

// In a normal build nothing is left of the seam: the variables are those of sync/atomic, not others like them, and what
// a data structure carries has no size.
func TestNothingIsLeft(t *testing.T) {
	var (
		_ *atomic.Bool   = new(Bool)
		_ *atomic.Int64  = new(Int64)
		_ *atomic.Uint32 = new(Uint32)
		_ *atomic.Bool   = new(InnerBool)
		_ *atomic.Uint64 = new(InnerUint64)
	)
	if n := unsafe.Sizeof(Calls{}); n != 0 {
		t.Errorf("Calls takes %d bytes", n)
	}
}
