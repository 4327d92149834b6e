package coding

import (
	"bytes"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// jordan is Gauss-Jordan elimination on packets as they come: coefficients and payload alike. Nothing that it was
// given has to be kept by anybody, since what it needs is in its buffers.
//
// It has columns, one for each packet that is to be found, and for each column at most one row, the one that has its
// pivot there. The payload of that row is in the column's buffer; when no other column is left in the row, the buffer
// holds the packet itself and the column is solved.
type jordan struct {
	cols  int
	width int // of a row: cols, rounded up
	store []byte
	state []colState
	bufs  [][]byte // by column, all of one length
	rank  int

	row   []byte // scratch: the new packet's coefficients
	coefs []byte // scratch: what is summed, payloads and rows
	srcs  [][]byte
	rowCo []byte
	rowSr [][]byte
}

type colState uint8

const (
	colFree   colState = iota // no row
	colPivot                  // a row that has other columns too
	colSolved                 // the packet is in the buffer
)

// reset empties the elimination. It allocates only if it never had as many columns.
func (j *jordan) reset(cols int, bufs [][]byte) {
	j.cols, j.width, j.rank = cols, (cols+rowAlign-1)/rowAlign*rowAlign, 0
	j.store, j.state, j.row = grown(j.store, cols*j.width), grown(j.state, cols), grown(j.row, j.width)
	j.bufs = append(j.bufs[:0], bufs...)
	clear(j.state)
	clear(j.row)
	j.coefs, j.srcs = grown(j.coefs, cols+1), grown(j.srcs, cols+1)
	j.rowCo, j.rowSr = grown(j.rowCo, cols), grown(j.rowSr, cols)
}

func (j *jordan) rowOf(col int) []byte { return j.store[col*j.width : (col+1)*j.width] }

// forget frees a column and drops its row, if it has one. No other row may have a part in the column.
func (j *jordan) forget(col int) {
	if j.state[col] != colFree {
		j.state[col] = colFree
		j.rank--
	}
}

// add takes the packet whose coefficients are in j.row, and reports whether it is innovative. Its pivot will be the
// first free column that it has, counting from column from and going on at the front. payload is read only if it is
// innovative; it may be shorter than the buffers, and counts as if zeros followed.
func (j *jordan) add(payload []byte, from int) bool {
	n := j.reduce()
	p := j.lead(from)
	if p < 0 {
		return false
	}
	row, inv := j.rowOf(p), gf.Inv(j.row[p])
	gf.MulSlice(row, j.row, inv)
	j.sum(j.bufs[p], payload, n, inv)
	j.state[p] = colPivot
	if unit(row) {
		j.state[p] = colSolved
	}
	j.rank++
	j.clearOthers(p)
	return true
}

// reduce clears j.row in the columns of all rows, and notes in srcs and coefs what that subtracts from the payload.
// It returns how many notes there are.
func (j *jordan) reduce() (n int) {
	rows := 0
	for col, s := range j.state {
		c := j.row[col]
		if c == 0 || s == colFree {
			continue
		}
		j.srcs[n], j.coefs[n] = j.bufs[col], c
		n++
		if s == colSolved {
			j.row[col] = 0
			continue
		}
		j.rowSr[rows], j.rowCo[rows] = j.rowOf(col), c
		rows++
	}
	if rows > 0 {
		gf.DotAdd(j.row, j.rowSr[:rows], j.rowCo[:rows])
	}
	return n
}

func (j *jordan) lead(from int) int {
	for i := range j.cols {
		col := from + i
		if col >= j.cols {
			col -= j.cols
		}
		if j.row[col] != 0 {
			return col
		}
	}
	return -1
}

// sum sets dst to c times (payload plus the n notes).
func (j *jordan) sum(dst, payload []byte, n int, c byte) {
	if n == 0 {
		clear(dst[len(payload):])
		gf.MulSlice(dst[:len(payload)], payload, c)
		return
	}
	gf.MulSlice(j.coefs[:n], j.coefs[:n], c)
	if len(payload) == len(dst) {
		j.srcs[n], j.coefs[n] = payload, c
		n++
	}
	gf.Dot(dst, j.srcs[:n], j.coefs[:n])
	if len(payload) < len(dst) {
		gf.MulAdd(dst[:len(payload)], payload, c)
	}
}

// clearOthers clears column p in all rows but its own, which may solve their columns.
func (j *jordan) clearOthers(p int) {
	row := j.rowOf(p)
	for col, s := range j.state {
		if s != colPivot || col == p {
			continue
		}
		other := j.rowOf(col)
		c := other[p]
		if c == 0 {
			continue
		}
		gf.MulAdd(other, row, c)
		gf.MulAdd(j.bufs[col], j.bufs[p], c)
		if unit(other) {
			j.state[col] = colSolved
		}
	}
}

// unit reports whether a row, which has 1 at its pivot, has nothing else.
func unit(row []byte) bool { return bytes.Count(row, []byte{0}) == len(row)-1 }
