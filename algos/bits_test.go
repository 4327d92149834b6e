package algos_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
)

// A set of numbers is what a map of them is, and what is written is read again.
func TestBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 70).Draw(t, "length")
		b, want := algos.NewBits(n), make(map[int]bool)
		for _, i := range rapid.SliceOfN(rapid.IntRange(-3, 75), 0, 80).Draw(t, "numbers") {
			fresh := i >= 0 && i < n && !want[i]
			if b.Add(i) != fresh {
				t.Fatalf("Add(%d) said %v", i, !fresh)
			}
			if fresh {
				want[i] = true
			}
		}
		var back algos.Bits
		if err := pack.Read(pack.Append(nil, &b), &back); err != nil {
			t.Fatal(err)
		}
		for _, b := range []algos.Bits{b, back} {
			for i := -3; i < 80; i++ {
				if b.Has(i) != want[i] {
					t.Fatalf("Has(%d) is %v", i, b.Has(i))
				}
			}
			if b.Len() != n || b.Count() != len(want) || b.Full() != (len(want) == n) {
				t.Fatalf("%d of %d, full: %v; want %d of %d", b.Count(), b.Len(), b.Full(), len(want), n)
			}
		}
	})
}

// What is no set is malformed, and leaves none.
func TestMalformedBits(t *testing.T) {
	for _, payload := range [][]byte{
		{}, {3}, {3, 1, 0x08}, {3, 2, 1, 0}, {9, 1, 1}, {0, 1, 0}, {8, 0},
		{0x81, 0x80, 0x04, 0}, // 65537 numbers
		{0xff, 0xff, 0xff, 0xff, 0x0f, 1, 0},
	} {
		var b algos.Bits
		if err := pack.Read(payload, &b); err == nil {
			t.Errorf("%v was read as %d of %d", payload, b.Count(), b.Len())
		} else if b.Has(0) || b.Has(2) {
			t.Errorf("%v left numbers", payload)
		}
	}
}
