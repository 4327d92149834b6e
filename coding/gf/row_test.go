package gf_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// eliminated is EliminateRow by the schoolbook. A redundant row is left out of what is compared.
func eliminated(row [gf.RowBytes]byte, rows, pivots []byte, columns uint64) ([gf.RowBytes]byte, []byte, int) {
	rows = bytes.Clone(rows)
	was := row
	for i, p := range pivots {
		for b := range row {
			row[b] ^= books[was[p]][rows[i*gf.RowBytes+b]]
		}
	}
	column := 0
	for column < gf.RowBytes && (row[column] == 0 || columns>>column&1 == 0) {
		column++
	}
	if column == gf.RowBytes {
		return [gf.RowBytes]byte{}, rows, -1
	}
	inverse := gf.Inv(row[column])
	for b, x := range row {
		row[b] = books[inverse][x]
	}
	for r := 0; r < len(rows); r += gf.RowBytes {
		c := rows[r+column]
		for b, x := range row {
			rows[r+b] ^= books[c][x]
		}
	}
	return row, rows, column
}

// Rows are reduced, scaled and cleared as by the schoolbook, whatever they are and at all levels, and nothing beside
// them is touched.
func TestEliminateRow(t *testing.T) {
	atLevels(t, func(t *testing.T, k gf.Kernels) {
		rapid.Check(t, func(t *rapid.T) {
			n, seed := rapid.IntRange(0, gf.RowBytes).Draw(t, "rows"), rapid.Uint64().Draw(t, "seed")
			columns := rapid.Uint64().Draw(t, "columns")
			pivots := rapid.SliceOfN(rapid.ByteRange(0, gf.RowBytes-1), n, n).Draw(t, "pivots")
			var row [gf.RowBytes]byte
			copy(row[:], randomBytes(rapid.IntRange(0, gf.RowBytes).Draw(t, "bytes of the row"), seed))
			room := randomBytes((n+2)*gf.RowBytes, seed+1)
			before := bytes.Clone(room)
			rows := room[gf.RowBytes:][:n*gf.RowBytes]
			wantRow, wantRows, want := eliminated(row, rows, pivots, columns)
			got := k.EliminateRow(&row, rows, pivots, columns)
			if got != want || want >= 0 && row != wantRow || !bytes.Equal(rows, wantRows) {
				t.Fatalf("column %d, row %x, rows %x; want %d, %x, %x", got, row, rows, want, wantRow, wantRows)
			}
			end := len(room) - gf.RowBytes
			if !bytes.Equal(room[:gf.RowBytes], before[:gf.RowBytes]) || !bytes.Equal(room[end:], before[end:]) {
				t.Fatal("bytes beside the rows were written")
			}
		})
	})
}

func TestEliminateRowOfAnotherShape(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a row too few, and no panic")
		}
	}()
	gf.EliminateRow(new([gf.RowBytes]byte), make([]byte, gf.RowBytes), make([]byte, 2), 1)
}
