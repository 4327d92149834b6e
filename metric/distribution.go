package metric

import (
	"cmp"
	"math"
	"slices"
)

// subBits are the bits of a number's mantissa that its bin keeps.
const subBits = 7

// MaxBins bounds a distribution. With more, the bins of the smallest numbers are joined:
// what people ask for are the upper quantiles.
const MaxBins = 2048

// Largest bounds what can be recorded, in either direction, so that no sum overflows.
const Largest = 1e100

// Distribution is how numbers are distributed: their count, sum, least and largest, which
// are exact, and how many fell into each bin. The zero value is empty and ready. Two can be
// merged, and it makes no difference in which order.
type Distribution struct {
	count    uint64
	sum      float64
	min, max float64
	bins     []bin // in order of the numbers
	last     int   // in bins: where the last number went
}

type bin struct {
	index int32
	count uint64
}

// usable reports whether a number can be recorded.
func usable(x float64) bool { return math.Abs(x) <= Largest } // false for NaN

// indexOf is the bin of a number: those of one sign and size have one.
func indexOf(x float64) int32 {
	i := int32(math.Float64bits(math.Abs(x)) >> (52 - subBits))
	if x < 0 {
		return -i
	}
	return i
}

// valueOf is the number of a bin that is nearest to 0: whole numbers are themselves.
func valueOf(index int32) float64 {
	if index < 0 {
		return -valueOf(-index)
	}
	return math.Float64frombits(uint64(index) << (52 - subBits))
}

// Record adds a number. It reports false, and adds nothing, for what is no number or
// beyond [Largest].
func (d *Distribution) Record(x float64) bool {
	if !usable(x) {
		return false
	}
	if d.count == 0 {
		d.min, d.max = x, x
	}
	d.count++
	d.sum += x
	d.min, d.max = min(d.min, x), max(d.max, x)
	d.add(indexOf(x), 1)
	return true
}

func (d *Distribution) add(index int32, count uint64) {
	if d.last < len(d.bins) && d.bins[d.last].index == index {
		d.bins[d.last].count += count
		return
	}
	i, found := slices.BinarySearchFunc(d.bins, index, func(b bin, index int32) int { return cmp.Compare(b.index, index) })
	if !found {
		d.bins = slices.Insert(d.bins, i, bin{index: index})
	}
	d.bins[i].count += count
	d.last = i
	if len(d.bins) > MaxBins {
		d.join()
	}
}

// join makes one bin of the two that are nearest to 0.
func (d *Distribution) join() {
	best := 0 // of the pair best, best+1
	size := func(i int) int32 { return max(abs(d.bins[i].index), abs(d.bins[i+1].index)) }
	for i := range len(d.bins) - 1 {
		if size(i) < size(best) {
			best = i
		}
	}
	// The further one stays.
	if abs(d.bins[best].index) > abs(d.bins[best+1].index) {
		d.bins[best].index, d.bins[best+1].index = d.bins[best+1].index, d.bins[best].index
	}
	d.bins[best+1].count += d.bins[best].count
	d.bins = slices.Delete(d.bins, best, best+1)
	d.last = 0
}

func abs(i int32) int32 { return max(i, -i) }

// Merge adds all that another has.
func (d *Distribution) Merge(o *Distribution) {
	if o.count == 0 {
		return
	}
	if d.count == 0 {
		d.min, d.max = o.min, o.max
	}
	d.count += o.count
	d.sum += o.sum
	d.min, d.max = min(d.min, o.min), max(d.max, o.max)
	for _, b := range o.bins {
		d.add(b.index, b.count)
	}
}

// Reset empties it and keeps its memory.
func (d *Distribution) Reset() { *d = Distribution{bins: d.bins[:0]} }

// Count is how many numbers there are.
func (d *Distribution) Count() uint64 { return d.count }

// Sum is their sum.
func (d *Distribution) Sum() float64 { return d.sum }

// Mean is their mean; NaN if there are none.
func (d *Distribution) Mean() float64 { return d.ofAny(d.sum / float64(d.count)) }

// Min is the least; NaN if there are none.
func (d *Distribution) Min() float64 { return d.ofAny(d.min) }

// Max is the largest; NaN if there are none.
func (d *Distribution) Max() float64 { return d.ofAny(d.max) }

func (d *Distribution) ofAny(x float64) float64 {
	if d.count == 0 {
		return math.NaN()
	}
	return x
}

// Quantile is the smallest number that a share q (from 0 to 1) of all are not above: the
// nearest-rank definition. It is off by less than 0.8%, towards 0. NaN if there are none.
func (d *Distribution) Quantile(q float64) float64 {
	rank := uint64(max(math.Ceil(q*float64(d.count)-1e-9), 1))
	if rank >= d.count {
		return d.Max() // which is exact; and NaN if there are none
	}
	seen := uint64(0)
	for _, b := range d.bins {
		if seen += b.count; seen >= rank {
			return min(max(valueOf(b.index), d.min), d.max)
		}
	}
	return d.max
}

// Each calls fn for each bin in order of the numbers, with how many are in it and before it.
func (d *Distribution) Each(fn func(value float64, upTo uint64)) {
	seen := uint64(0)
	for _, b := range d.bins {
		seen += b.count
		fn(min(max(valueOf(b.index), d.min), d.max), seen)
	}
}
