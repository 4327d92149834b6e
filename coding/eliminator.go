package coding

import (
	"slices"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// eliminator does linear algebra on the coefficients of a generation's packets, never on their payload. It tells
// whether a packet is innovative, and, if asked to trace, how each missing source packet follows from those that came.
//
// Every coded packet that was innovative is a row: K coefficients, and behind them, when tracing, one for each coded
// packet kept: what the row is made of. The rows are kept in reduced echelon form: each has a pivot, a column in which
// it has 1 and all other rows 0. So what must be added to a new row to clear it in all pivot columns can be read off
// the new row at once, and one sum over the rows does it.
//
// Small operations are dominated by the calls. So rows come in two parts: those before settled are cleared in the
// pivots of all of these, and so are the later ones, which are also cleared in each other's; but the settled rows are
// cleared in the later pivots only when there are enough of them for one matrix product.
//
// Source packets are no rows. Their columns are known: nobody's pivot, and never cleared, only carried along. When all
// columns are known or pivots, row r says
//
//	source[pivot[r]] = Σ row[r][i]·source[i] over known i + Σ row[r][K+j]·coded[j] over all j,
//
// since in this field minus is plus.
//
// Where a row is one register of the processor, all of that is worth less than that register: rows are reduced and
// cleared at once, and all are settled. Both ways give the same rows.
type eliminator struct {
	k       int
	trace   bool
	line    bool     // whether rows are one register
	n       int      // rows in use
	settled int      // rows that unsettled ones must not touch one by one
	rows    [][]byte // k rows; those behind n are scratch
	store   []byte   // of rows
	pivot   []uint8  // column of each row's pivot
	free    []uint8  // columns neither known nor pivots, in any order
	at      []uint8  // by column: its index in free, while it is there
	open    uint64   // the first 64 columns that are in free, as bits
	known   []bool   // by column
	coefs   []byte   // scratch: one for each row
	block   []byte   // scratch: unsettledRows for each row
	heads   [][]byte // of block
}

// unsettledRows is after how many new rows the others are cleared in their pivots. Fewer make more calls, more make more
// work among the new rows themselves. Anything from 4 to 12 was alike, 1 took twice the time.
const unsettledRows = 8

// oneRegister is whether the kernels keep a row of gf.RowBytes in one register.
var oneRegister = gf.Best() == gf.GFNI512

// reset empties the eliminator for generations of k packets. It allocates only if it never was as large.
func (e *eliminator) reset(k int, trace bool) {
	if k != e.k || trace != e.trace {
		e.resize(k, trace)
	}
	e.n, e.settled = 0, 0
	e.free = e.free[:k]
	clear(e.known)
	e.open = 1<<min(k, 64) - 1
	for i := range e.free {
		e.free[i], e.at[i] = uint8(i), uint8(i)
	}
}

func (e *eliminator) resize(k int, trace bool) {
	width := k
	if trace {
		width = 2 * k
	}
	width = (width + rowAlign - 1) / rowAlign * rowAlign
	e.k, e.trace, e.line = k, trace, width == gf.RowBytes && oneRegister
	e.store = grown(e.store, k*width)
	e.rows = grown(e.rows, k)
	for r := range e.rows {
		e.rows[r] = e.store[r*width : (r+1)*width : (r+1)*width]
	}
	e.pivot, e.coefs, e.known = grown(e.pivot, k), grown(e.coefs, k), grown(e.known, k)
	e.free, e.at = grown(e.free, k), grown(e.at, k)
	e.block, e.heads = grown(e.block, k*unsettledRows), grown(e.heads, k)
}

// grown is s with length n, reallocated if its capacity does not allow that. Its contents are not kept.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// rank is the number of innovative packets so far.
func (e *eliminator) rank() int { return e.k - len(e.free) }

// next is the row that the next coded packet's coefficients must be written to, the first k bytes, before addRow.
// There is one as long as the rank is below k.
func (e *eliminator) next() []byte { return e.rows[e.n][:e.k] }

// addRow takes the coefficients in next as a coded packet's, and reports whether it is innovative. If it is, it is
// number n-1 of the coded packets from now on.
func (e *eliminator) addRow() bool {
	row := e.rows[e.n]
	clear(row[e.k:])
	if e.trace {
		row[e.k+e.n] = 1
	}
	if e.line {
		return e.addLine((*[gf.RowBytes]byte)(row))
	}
	e.subtract(row, 0, e.settled)
	e.subtract(row, e.settled, e.n)
	at := e.lead(row)
	if at < 0 {
		return false
	}
	e.n++
	e.pin(e.n-1, at, e.settled)
	if e.n-e.settled == unsettledRows || len(e.free) == 0 {
		e.settle()
	}
	return true
}

// addLine is addRow where rows are one register.
func (e *eliminator) addLine(row *[gf.RowBytes]byte) bool {
	p := gf.EliminateRow(row, e.store[:e.n*gf.RowBytes], e.pivot[:e.n], e.open)
	if p < 0 {
		return false
	}
	e.take(int(e.at[p]))
	e.pivot[e.n] = uint8(p)
	e.n++
	e.settled = e.n
	return true
}

// subtract clears row in the pivots of rows from to to-1.
func (e *eliminator) subtract(row []byte, from, to int) {
	coefs, hit := e.coefs[from:to], byte(0)
	for i, p := range e.pivot[from:to] {
		c := row[p]
		coefs[i] = c
		hit |= c
	}
	if hit != 0 {
		gf.DotAdd(row, e.rows[from:to], coefs)
	}
}

// settle clears the settled rows in the pivots of the others, which then are settled too.
func (e *eliminator) settle() {
	fresh := e.n - e.settled
	if e.settled > 0 && fresh > 0 {
		for r, row := range e.rows[:e.settled] {
			head := e.block[r*fresh : (r+1)*fresh]
			for i, p := range e.pivot[e.settled:e.n] {
				head[i] = row[p]
			}
			e.heads[r] = head
		}
		gf.MatMulAdd(e.rows[:e.settled], e.rows[e.settled:e.n], e.heads[:e.settled])
	}
	e.settled = e.n
}

// addSource takes source packet i as known, and reports whether it is innovative.
func (e *eliminator) addSource(i int) bool {
	if e.known[i] {
		return false
	}
	if at := int(e.at[i]); at < len(e.free) && int(e.free[at]) == i {
		e.take(at)
		e.known[i] = true
		if len(e.free) == 0 {
			e.settle()
		}
		return true
	}
	// The column is a pivot. Its row needs another one, or the source followed from what was there.
	e.settle()
	r := slices.Index(e.pivot[:e.n], uint8(i))
	at := e.lead(e.rows[r])
	if at < 0 {
		return false
	}
	e.known[i] = true
	e.pin(r, at, 0)
	return true
}

// lead finds the first free column in which row is not 0, as an index of free; or -1.
func (e *eliminator) lead(row []byte) int {
	for at, c := range e.free {
		if row[c] != 0 {
			return at
		}
	}
	return -1
}

// take removes the column at an index of free, and returns it. The last one takes its place.
func (e *eliminator) take(at int) uint8 {
	last := len(e.free) - 1
	col, moved := e.free[at], e.free[last]
	e.free[at], e.at[moved] = moved, uint8(at)
	e.free = e.free[:last]
	e.open &^= 1 << col // nothing beyond 64
	return col
}

// pin makes free column at the pivot of row r, and clears it in all other rows but those before from.
func (e *eliminator) pin(r, at, from int) {
	row, p := e.rows[r], e.take(at)
	e.pivot[r] = p
	if row[p] != 1 {
		gf.MulSlice(row, row, gf.Inv(row[p]))
	}
	for other := from; other < e.n; other++ {
		to := e.rows[other]
		if c := to[p]; c != 0 && other != r {
			gf.MulAdd(to, row, c)
		}
	}
}
