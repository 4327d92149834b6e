//go:build noasm || !amd64

package gf

func (k Kernels) eliminateRow(row *[RowBytes]byte, rows, pivots []byte, columns uint64) int {
	return k.eliminateRowPlain(row, rows, pivots, columns)
}
