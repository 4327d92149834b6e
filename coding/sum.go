package coding

import "github.com/ioverlay/ioverlay/coding/gf"

// terms is what coded packets are sums of: packets of equal length, and at most one that is shorter, the last of its
// generation, which counts as if zeros followed. Nothing is copied to make it so.
type terms struct {
	whole [][]byte
	short []byte // nil if there is none

	picked [][]byte // scratch of sparse
	factor []byte
}

// set replaces the terms. It keeps the slices of packets, in a list of its own.
func (t *terms) set(whole [][]byte, short []byte) {
	t.whole, t.short = append(t.whole[:0], whole...), short
}

// count is how many coefficients a sum has; that of short is the last.
func (t *terms) count() int {
	if t.short != nil {
		return len(t.whole) + 1
	}
	return len(t.whole)
}

// dot sets dst to the sum of coefs[i] times term i.
func (t *terms) dot(dst, coefs []byte) {
	n := len(t.whole)
	gf.Dot(dst, t.whole, coefs[:n])
	if t.short != nil {
		gf.MulAdd(dst[:len(t.short)], t.short, coefs[n])
	}
}

// sparse is dot for coefficients of which many are 0: it leaves those terms out.
func (t *terms) sparse(dst, coefs []byte) {
	n := len(t.whole)
	t.picked, t.factor = t.picked[:0], t.factor[:0]
	for i, c := range coefs[:n] {
		if c != 0 {
			t.picked, t.factor = append(t.picked, t.whole[i]), append(t.factor, c)
		}
	}
	gf.Dot(dst, t.picked, t.factor)
	if t.short != nil && coefs[n] != 0 {
		gf.MulAdd(dst[:len(t.short)], t.short, coefs[n])
	}
}

// by is dot or sparse, whichever suits a code.
func (t *terms) by(c Code, dst, coefs []byte) {
	if c.Scheme == Dense {
		t.dot(dst, coefs)
	} else {
		t.sparse(dst, coefs)
	}
}

// matMul sets each dsts[j] to the sum of rows[j][i] times term i. The slices in rows are left shortened.
func (t *terms) matMul(dsts, rows [][]byte) {
	n := len(t.whole)
	for j := range rows {
		rows[j] = rows[j][:n]
	}
	gf.MatMul(dsts, t.whole, rows)
	if t.short == nil {
		return
	}
	for j, dst := range dsts {
		gf.MulAdd(dst[:len(t.short)], t.short, rows[j][:n+1][n])
	}
}
