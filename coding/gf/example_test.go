package gf_test

import (
	"fmt"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// Two packets are coded into one, and the one that got lost is computed from it and the other.
func Example() {
	a, b := []byte("multicast"), []byte("by coding")
	coded := make([]byte, len(a))
	gf.Dot(coded, [][]byte{a, b}, []byte{3, 7})

	lost := make([]byte, len(a)) // b = (coded - 3·a) / 7; minus is plus
	gf.Dot(lost, [][]byte{coded, a}, []byte{gf.Inv(7), gf.Div(3, 7)})
	fmt.Printf("%s\n", lost)
	// Output: by coding
}

// Several results at once cost less than one after the other.
func ExampleMatMul() {
	sources := [][]byte{{1, 2}, {4, 8}, {16, 32}}
	results := [][]byte{make([]byte, 2), make([]byte, 2)}
	gf.MatMul(results, sources, [][]byte{{1, 1, 1}, {1, 2, 4}})
	fmt.Println(results)
	// Output: [[21 42] [73 146]]
}

// A level is chosen by hand only to test or measure it.
func ExampleAt() {
	dst := []byte{1, 2, 3}
	gf.At(gf.Generic).MulAdd(dst, []byte{128, 128, 0}, 2)
	fmt.Println(dst)
	// Output: [28 31 3]
}
