package metric

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
)

// An index of no number is malformed, however far beyond the largest it is, and on either side.
func TestIndicesBeyondNumbers(t *testing.T) {
	for _, index := range []int64{math.MinInt32, math.MaxInt32, 1 << 19, -1 << 19, int64(indexOf(Largest)) + 1, -int64(indexOf(Largest)) - 1} {
		b := binary.AppendUvarint(nil, 1)
		for range 3 {
			b = binary.LittleEndian.AppendUint64(b, 0)
		}
		b = binary.AppendUvarint(b, 1)
		b = binary.AppendVarint(b, index)
		b = binary.AppendUvarint(b, 1)
		if _, err := new(Distribution).Read(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("index %d: %v", index, err)
		}
	}
}
