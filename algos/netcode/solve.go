package netcode

import (
	"bytes"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/coding/gf"
)

// putVector writes the header of a coded packet with its coefficients into dst and
// returns the room for its bytes. A source packet's header differs from it in the kind
// alone (docs/coding.md).
func putVector(dst []byte, g coding.Generation, vector []byte) []byte {
	n, err := g.PutSource(dst, 0)
	if err != nil {
		panic("netcode: a generation that cannot be coded: " + err.Error()) // it was checked when its messages came
	}
	dst[1] = byte(coding.KindVector)
	copy(dst[n:], vector)
	return dst[n+len(vector):]
}

// solver finds the combination of a set that is one stream alone. A code is fixed, so
// what one set needs the next does too: the last solution is kept.
type solver struct {
	key   []byte // of the solution: what each input is a sum of; which are missing
	next  []byte // the same, of the set asked about
	rows  [][]byte
	store []byte
	found [][]byte // by stream: a coefficient for each input, or nil
}

// solve is the coefficients of a set's inputs that give back a stream, or nil if there
// are none. They are valid until the next call.
func (v *solver) solve(s *Set, stream int) []byte {
	k, n := len(s.coder.Streams), len(s.msgs)
	if v.rows == nil {
		v.rows, v.found = make([][]byte, n), make([][]byte, k)
		v.store, v.next = make([]byte, n*(k+n)), make([]byte, n*(k+1))
	}
	clear(v.next)
	for i, m := range s.msgs {
		if m != nil {
			v.next[i] = 1
			s.vector(v.next[n+i*k:n+(i+1)*k], i, 1)
		}
	}
	if !bytes.Equal(v.key, v.next) {
		v.key = append(v.key[:0], v.next...)
		v.reduce(k, n)
	}
	return v.found[stream]
}

// reduce brings the equations, each with the combination that it is, into reduced
// echelon form. A row that is left with one stream is that stream.
func (v *solver) reduce(k, n int) {
	clear(v.store)
	for i := range v.rows {
		v.rows[i] = v.store[i*(k+n) : (i+1)*(k+n)]
		copy(v.rows[i], v.key[n+i*k:n+(i+1)*k])
		v.rows[i][k+i] = 1
	}
	rank := 0
	for col := 0; col < k && rank < n; col++ {
		p := rank
		for p < n && v.rows[p][col] == 0 {
			p++
		}
		if p == n {
			continue
		}
		v.rows[rank], v.rows[p] = v.rows[p], v.rows[rank]
		row := v.rows[rank]
		gf.MulSlice(row, row, gf.Inv(row[col]))
		for i, other := range v.rows {
			if i != rank && other[col] != 0 {
				gf.MulAdd(other, row, other[col])
			}
		}
		rank++
	}
	clear(v.found)
	for _, row := range v.rows[:rank] {
		if at, alone := only(row[:k]); alone {
			v.found[at] = row[k:]
		}
	}
}

// only is the place of the one element that is not 0, if it is the only one.
func only(row []byte) (at int, alone bool) {
	for i, x := range row {
		if x == 0 {
			continue
		}
		if alone {
			return 0, false
		}
		at, alone = i, true
	}
	return at, alone
}
