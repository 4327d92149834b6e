package algos

import (
	"bytes"
	"errors"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// TestLimitsOfPayloads holds the limits of docs/wire.md, section 9: the greatest
// that is read, and one more.
func TestLimitsOfPayloads(t *testing.T) {
	nested := func(depth int) []byte { return append(bytes.Repeat([]byte{0x81}, depth-1), 0x80) } // [[[...]]]
	pairs := func(n int) []byte {
		m := make(map[int]int, n)
		for i := range n {
			m[i] = i
		}
		return encoded(t, m)
	}
	for _, c := range []struct {
		name string
		b    []byte
		good bool
	}{
		{"nested 16 deep", nested(16), true},
		{"nested 17 deep", nested(17), false},
		{"4096 elements", encoded(t, make([]int, 4096)), true},
		{"4097 elements", encoded(t, make([]int, 4097)), false},
		{"4096 pairs", pairs(4096), true},
		{"4097 pairs", pairs(4097), false},
		{"text that is not UTF-8", []byte{0x61, 0xff}, false},
		{"a byte behind the item", []byte{0x80, 0x00}, false},
		{"no item", nil, false},
		{"a tag", []byte{0xc1, 0x00}, false},
		{"an indefinite length", []byte{0x9f, 0xff}, false},
		{"a key twice", []byte{0xa2, 0x01, 0x01, 0x01, 0x02}, false},
	} {
		var v any
		if err := Decode(c.b, &v); (err == nil) != c.good || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// encoded is v in CBOR, with none of this package's limits.
func encoded(t *testing.T, v any) []byte {
	t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
