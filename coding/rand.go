package coding

// splitMix is the generator SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), by which a seed in a header becomes
// coefficients. docs/coding.md specifies it bit for bit, since every implementation must draw the same.
type splitMix struct{ state uint64 }

func (r *splitMix) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below draws a number from 0 to n-1, n at most 2^16. The upper half of a draw is scaled rather than divided: the
// bias is below 2^-16 and the result the same on every machine.
func (r *splitMix) below(n int) int { return int(r.next() >> 32 * uint64(n) >> 32) }

// nonZero draws a coefficient other than 0.
func (r *splitMix) nonZero() byte { return byte(1 + r.below(255)) }
