//go:build !noasm

package gf

import "unsafe"

// inverseTable holds, for each coefficient but 0, the bit matrix that divides by it.
var inverseTable = makeInverseTable()

func makeInverseTable() (table [256]uint64) {
	for c := 1; c < len(table); c++ {
		table[c] = matrixTable[Inv(byte(c))]
	}
	return table
}

func (k Kernels) eliminateRow(row *[RowBytes]byte, rows, pivots []byte, columns uint64) int {
	if k.level != GFNI512 {
		return k.eliminateRowPlain(row, rows, pivots, columns)
	}
	// The pointers are not followed if there are no rows.
	return eliminateRowGFNI512(&row[0], unsafe.SliceData(rows), unsafe.SliceData(pivots), len(pivots), columns, &matrixTable, &inverseTable)
}
