package coding

import "github.com/ioverlay/ioverlay/coding/gf"

// terms is what coded packets are sums of: packets of equal length, and at most one that is shorter, the last of its
// generation, which counts as if zeros followed. Nothing is copied to make it so.
type terms struct {
	whole [][]byte
	short []byte // nil if there is none
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
