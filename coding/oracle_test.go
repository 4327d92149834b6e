package coding

import "slices"

// The oracle: linear algebra over GF(2^8) as a textbook has it, one element at a time, with nothing that this
// package uses.

// slowMul looks up what shiftMul computed: the oracle is slow enough without.
func slowMul(a, b byte) byte { return products[a][b] }

var products = func() (t [256][256]byte) {
	for a := range t {
		for b := range t[a] {
			t[a][b] = shiftMul(byte(a), byte(b))
		}
	}
	return t
}()

// shiftMul multiplies by shifting and subtracting the polynomial x^8 + x^4 + x^3 + x^2 + 1.
func shiftMul(a, b byte) byte {
	var p byte
	for ; b != 0; b >>= 1 {
		if b&1 == 1 {
			p ^= a
		}
		carry := a & 0x80
		a <<= 1
		if carry != 0 {
			a ^= 0x1d
		}
	}
	return p
}

func slowInv(a byte) byte {
	for x := 1; x < 256; x++ {
		if slowMul(a, byte(x)) == 1 {
			return byte(x)
		}
	}
	panic("no inverse")
}

// equation is one packet: the sum of coefs[i]·x[i] is value.
type equation struct{ coefs, value []byte }

// with is a copy of the equations with one more.
func with(eqs []equation, e equation) []equation { return append(slices.Clone(eqs), e) }

// slowSum is the packet with these coefficients; shorter sources count as if zeros followed.
func slowSum(coefs []byte, sources [][]byte, size int) []byte {
	sum := make([]byte, size)
	for i, c := range coefs {
		for j, x := range sources[i] {
			sum[j] ^= slowMul(c, x)
		}
	}
	return sum
}

// slowReduce brings equations into reduced echelon form and returns the non-zero ones.
func slowReduce(eqs []equation) []equation {
	var todo, done []equation
	for _, e := range eqs {
		todo = append(todo, equation{append([]byte(nil), e.coefs...), append([]byte(nil), e.value...)})
	}
	if len(todo) == 0 {
		return nil
	}
	for col := range todo[0].coefs {
		for i, e := range todo {
			if e.coefs[col] == 0 {
				continue
			}
			todo = append(todo[:i:i], todo[i+1:]...)
			slowScale(e, slowInv(e.coefs[col]))
			for _, others := range [][]equation{todo, done} {
				for _, o := range others {
					slowSubtract(o, e, o.coefs[col])
				}
			}
			done = append(done, e)
			break
		}
	}
	return done
}

func slowScale(e equation, c byte) {
	for _, s := range [][]byte{e.coefs, e.value} {
		for i := range s {
			s[i] = slowMul(s[i], c)
		}
	}
}

func slowSubtract(from, e equation, c byte) {
	for i := range e.coefs {
		from.coefs[i] ^= slowMul(c, e.coefs[i])
	}
	for i := range e.value {
		from.value[i] ^= slowMul(c, e.value[i])
	}
}

func slowRank(eqs []equation) int { return len(slowReduce(eqs)) }

// slowKnown are the unknowns that the equations determine, by index.
func slowKnown(eqs []equation) map[int][]byte {
	known := map[int][]byte{}
	for _, e := range slowReduce(eqs) {
		at, others := -1, 0
		for i, c := range e.coefs {
			if c != 0 {
				if at < 0 {
					at = i
				} else {
					others++
				}
			}
		}
		if others == 0 {
			known[at] = e.value
		}
	}
	return known
}
