package metric

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// ErrMalformed means that bytes are no distribution.
var ErrMalformed = errors.New("metric: malformed distribution")

// Append writes a distribution behind b: the count, the sum, the least and the largest,
// the number of bins, and for each bin by how much its index is above the one before,
// and its count. What is not a float64 (little endian) is a varint. An empty one is one
// byte, 0.
func (d *Distribution) Append(b []byte) []byte {
	b = binary.AppendUvarint(b, d.count)
	if d.count == 0 {
		return b
	}
	for _, x := range [...]float64{d.sum, d.min, d.max} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	b = binary.AppendUvarint(b, uint64(len(d.bins)))
	before := int32(0)
	for _, bin := range d.bins {
		b = binary.AppendVarint(b, int64(bin.index)-int64(before))
		b = binary.AppendUvarint(b, bin.count)
		before = bin.index
	}
	return b
}

// Read merges what Append wrote, and returns the rest. Bytes that are none change nothing
// and are an [ErrMalformed].
func (d *Distribution) Read(b []byte) (rest []byte, err error) {
	r := reader{b: b}
	var o Distribution
	o.count = r.uvarint()
	if o.count > 0 {
		o.sum, o.min, o.max = r.float(), r.float(), r.float()
		bins := r.uvarint()
		if bins > MaxBins {
			return b, fmt.Errorf("%w: %d bins, and at most %d are allowed", ErrMalformed, bins, MaxBins)
		}
		seen, index := uint64(0), int64(0)
		for i := range bins {
			step, count := r.varint(), r.uvarint()
			index += step
			if r.bad || i > 0 && step <= 0 || count == 0 || count > o.count-seen || max(index, -index) > int64(indexOf(Largest)) {
				return b, fmt.Errorf("%w: bin %d of %d", ErrMalformed, i, bins)
			}
			seen += count
			o.bins = append(o.bins, bin{int32(index), count})
		}
		if seen != o.count || !(o.min <= o.max) || !usable(o.min) || !usable(o.max) || math.IsNaN(o.sum) || math.IsInf(o.sum, 0) {
			return b, fmt.Errorf("%w: count, sum or bounds do not fit the bins", ErrMalformed)
		}
	}
	if r.bad {
		return b, fmt.Errorf("%w: it ends in the middle", ErrMalformed)
	}
	d.Merge(&o)
	return r.b, nil
}

// MarshalJSON implements json.Marshaler: the bytes of Append in base64.
func (d *Distribution) MarshalJSON() ([]byte, error) { return json.Marshal(d.Append(nil)) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Distribution) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return fmt.Errorf("metric: a distribution: %w", err)
	}
	d.Reset()
	rest, err := d.Read(b)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%w: %d bytes behind it", ErrMalformed, len(rest))
	}
	return err
}

type reader struct {
	b   []byte
	bad bool
}

func (r *reader) took(n int) {
	if n <= 0 {
		r.bad, n = true, len(r.b)
	}
	r.b = r.b[n:]
}

func (r *reader) uvarint() uint64 {
	x, n := binary.Uvarint(r.b)
	r.took(n)
	return x
}

func (r *reader) varint() int64 {
	x, n := binary.Varint(r.b)
	r.took(n)
	return x
}

func (r *reader) float() float64 {
	if len(r.b) < 8 {
		r.took(0)
		return 0
	}
	x := math.Float64frombits(binary.LittleEndian.Uint64(r.b))
	r.took(8)
	return x
}
