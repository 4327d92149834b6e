package gfbench

import "github.com/ioverlay/ioverlay/coding/gf"

// inverter inverts matrices with the kernels of any level, as a decoder does it: row by row as packets come. It stands
// for package coding's decoder at levels other than the best.
type inverter struct {
	k      int
	rows   [][]byte // of 2k bytes: what is left of a row of coefficients, and of which rows it is the sum
	pivot  []int    // by row
	coefs  []byte
	single [][]byte // rows of one coefficient
	order  [][]byte // by pivot: the inverse's rows
}

func newInverter(k int) *inverter {
	v := &inverter{k: k, pivot: make([]int, k), coefs: make([]byte, k), single: make([][]byte, k), order: make([][]byte, k)}
	v.rows = newPackets(k, 2*k, 0, 0)
	for i := range v.single {
		v.single[i] = v.coefs[i : i+1]
	}
	return v
}

// invert returns the rows of the inverse, which stay valid until the next call. It panics if there is none, for all
// matrices measured have one.
func (v *inverter) invert(kernels gf.Kernels, matrix [][]byte) [][]byte {
	for n, source := range matrix {
		row := v.rows[n]
		clear(row)
		copy(row, source)
		row[v.k+n] = 1
		for i := range n {
			v.coefs[i] = row[v.pivot[i]]
		}
		kernels.DotAdd(row, v.rows[:n], v.coefs[:n])
		p := 0
		for p < v.k && row[p] == 0 {
			p++
		}
		if p == v.k {
			panic("gfbench: a matrix that was to be regular is not")
		}
		kernels.MulSlice(row, row, gf.Inv(row[p]))
		for i := range n {
			v.coefs[i] = v.rows[i][p]
		}
		kernels.MatMulAdd(v.rows[:n], v.rows[n:n+1], v.single[:n])
		v.pivot[n] = p
		v.order[p] = row[v.k:]
	}
	return v.order[:len(matrix)]
}
