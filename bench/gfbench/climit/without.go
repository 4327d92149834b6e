//go:build !(isal && cgo && amd64)

package climit

// Available reports whether there is C in this build and the processor can run it.
func Available() bool { return false }

// Work is a sum to be made. There is none in this build.
type Work struct{}

// New panics: see Available.
func New(_, _, _ [][]byte) *Work { panic(without) }

// NewMulAdd panics: see Available.
func NewMulAdd(_, _, _ []byte) *Work { panic(without) }

const without = "climit: no C in this build: ask Available"

// Limit panics: see Available.
func (*Work) Limit(int) { panic(without) }

// ISAL panics: see Available.
func (*Work) ISAL(int) { panic(without) }

// Rewind panics: see Available.
func (*Work) Rewind() { panic(without) }
