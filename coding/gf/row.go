package gf

import (
	"fmt"
	"math/bits"
)

// RowBytes is the length of the rows that [EliminateRow] works on: a register of the widest kernels.
const RowBytes = 64

// EliminateRow is a step of Gauss-Jordan elimination. rows lie side by side in reduced echelon form: each is 1 at its
// pivot, where all others are 0. It clears row in all pivots; then it looks for the first column in which row is not 0
// among those whose bits are set in columns, scales row to 1 there, clears the column in all rows, and returns it. If
// there is none it returns -1, and row is as undefined as it is redundant. Pivots are below RowBytes. At the level
// [GFNI512] everything stays in registers; elsewhere it is a loop over [MulAdd].
func EliminateRow(row *[RowBytes]byte, rows, pivots []byte, columns uint64) int {
	return best.EliminateRow(row, rows, pivots, columns)
}

// EliminateRow is as the function [EliminateRow].
func (k Kernels) EliminateRow(row *[RowBytes]byte, rows, pivots []byte, columns uint64) int {
	if len(rows) != RowBytes*len(pivots) {
		panic(fmt.Sprintf("gf: %d bytes of rows and %d pivots; there must be %d bytes for each", len(rows), len(pivots), RowBytes))
	}
	noteRead(pivots)
	noteWrite(row[:])
	noteWrite(rows)
	return k.eliminateRow(row, rows, pivots, columns)
}

// eliminateRowPlain is eliminateRow with the kernels for one source.
func (k Kernels) eliminateRowPlain(row *[RowBytes]byte, rows, pivots []byte, columns uint64) int {
	before := *row
	for i, p := range pivots {
		if c := before[p%RowBytes]; c != 0 {
			k.mulAdd(row[:], rows[i*RowBytes:][:RowBytes], c)
		}
	}
	for ; columns != 0; columns &= columns - 1 {
		column := bits.TrailingZeros64(columns)
		if row[column] == 0 {
			continue
		}
		k.mul(row[:], row[:], Inv(row[column]))
		for ; len(rows) > 0; rows = rows[RowBytes:] {
			if c := rows[column]; c != 0 {
				k.mulAdd(rows[:RowBytes], row[:], c)
			}
		}
		return column
	}
	return -1
}
