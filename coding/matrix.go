package coding

import (
	"bytes"
	"fmt"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// Matrix is a matrix over GF(2^8), for fixed linear codes and for algebra by hand. It is not for the way of a packet:
// its methods allocate their results.
type Matrix struct {
	rows [][]byte
	cols int
}

// NewMatrix makes a matrix from its rows, which must be equally long and at least one. It keeps copies. The error wraps
// [ErrShape].
func NewMatrix(rows ...[]byte) (Matrix, error) {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return Matrix{}, fmt.Errorf("%w: a matrix without elements", ErrShape)
	}
	m := zeros(len(rows), len(rows[0]))
	for i, row := range rows {
		if len(row) != m.cols {
			return Matrix{}, fmt.Errorf("%w: row %d has %d elements and row 0 has %d", ErrShape, i, len(row), m.cols)
		}
		copy(m.rows[i], row)
	}
	return m, nil
}

func zeros(rows, cols int) Matrix {
	m := Matrix{make([][]byte, rows), cols}
	for i := range m.rows {
		m.rows[i] = make([]byte, cols)
	}
	return m
}

// Identity is the matrix of n rows that changes nothing.
func Identity(n int) (Matrix, error) {
	if n < 1 {
		return Matrix{}, fmt.Errorf("%w: an identity of %d rows", ErrShape, n)
	}
	m := zeros(n, n)
	for i, row := range m.rows {
		row[i] = 1
	}
	return m, nil
}

// Cauchy is a matrix of m rows and n columns of which every square part has an inverse: a code from n to m packets any n
// of which, together with the plain ones, give all. m+n is at most 256; the error wraps [ErrShape]. Element (i, j) is
// 1/(i + (m+j)), with i and m+j taken as elements of the field.
func Cauchy(m, n int) (Matrix, error) {
	if m < 1 || n < 1 || m+n > 256 {
		return Matrix{}, fmt.Errorf("%w: a Cauchy matrix of %d by %d: at most 256 rows and columns together", ErrShape, m, n)
	}
	c := zeros(m, n)
	for i, row := range c.rows {
		for j := range row {
			row[j] = gf.Inv(byte(i) ^ byte(m+j))
		}
	}
	return c, nil
}

// Rows is the number of rows.
func (m Matrix) Rows() int { return len(m.rows) }

// Cols is the number of columns.
func (m Matrix) Cols() int { return m.cols }

// Row is row i, to be read only.
func (m Matrix) Row(i int) []byte { return m.rows[i] }

// Equal reports whether two matrices have the same shape and elements.
func (m Matrix) Equal(o Matrix) bool {
	if len(m.rows) != len(o.rows) {
		return false
	}
	for i, row := range m.rows {
		if !bytes.Equal(row, o.rows[i]) {
			return false
		}
	}
	return true
}

// Select is the matrix of the given rows of m, in that order: the packets that a receiver got. The error wraps
// [ErrShape].
func (m Matrix) Select(rows ...int) (Matrix, error) {
	picked := make([][]byte, len(rows))
	for i, r := range rows {
		if r < 0 || r >= len(m.rows) {
			return Matrix{}, fmt.Errorf("%w: row %d of %d", ErrShape, r, len(m.rows))
		}
		picked[i] = m.rows[r]
	}
	return NewMatrix(picked...)
}

// Mul is m times o. The error wraps [ErrShape].
func (m Matrix) Mul(o Matrix) (Matrix, error) {
	if m.cols != len(o.rows) || m.cols == 0 {
		return Matrix{}, fmt.Errorf("%w: %d by %d times %d by %d", ErrShape, len(m.rows), m.cols, len(o.rows), o.cols)
	}
	p := zeros(len(m.rows), o.cols)
	gf.MatMul(p.rows, o.rows, m.rows)
	return p, nil
}

// Apply sets each of dsts to the sum of the packets in srcs with a row's coefficients: the linear code that the matrix
// is. There are as many dsts as rows and srcs as columns, all of one length, none overlapping. The error wraps
// [ErrShape]. Apply does not allocate.
func (m Matrix) Apply(dsts, srcs [][]byte) error {
	if len(dsts) != len(m.rows) || len(srcs) != m.cols {
		return fmt.Errorf("%w: %d packets from %d by a code from %d to %d", ErrShape, len(dsts), len(srcs), m.cols, len(m.rows))
	}
	for _, packets := range [2][][]byte{srcs, dsts} {
		for i, p := range packets {
			if len(p) != len(packets[0]) || len(p) != len(srcs[0]) {
				return fmt.Errorf("%w: packet %d has %d bytes and the first source %d", ErrShape, i, len(p), len(srcs[0]))
			}
		}
	}
	gf.MatMul(dsts, srcs, m.rows)
	return nil
}

// Rank is the number of rows, or columns, that are linearly independent.
func (m Matrix) Rank() int {
	a := m.clone()
	return a.reduce(a.cols)
}

// Inverse is the matrix that undoes m. The error wraps [ErrSingular] if there is none, [ErrShape] if m is not square.
func (m Matrix) Inverse() (Matrix, error) {
	if len(m.rows) != m.cols || m.cols == 0 {
		return Matrix{}, fmt.Errorf("%w: the inverse of %d by %d", ErrShape, len(m.rows), m.cols)
	}
	one, err := Identity(m.cols)
	if err != nil {
		return Matrix{}, err
	}
	return m.Solve(one)
}

// Solve is the X with m times X = b. m may have more rows than columns. The error wraps [ErrSingular] if there is no
// such X or more than one, [ErrShape] if m and b have different numbers of rows.
func (m Matrix) Solve(b Matrix) (Matrix, error) {
	if len(m.rows) != len(b.rows) || m.cols == 0 {
		return Matrix{}, fmt.Errorf("%w: %d equations with %d right sides", ErrShape, len(m.rows), len(b.rows))
	}
	both := zeros(len(m.rows), m.cols+b.cols)
	for i, row := range both.rows {
		copy(row, m.rows[i])
		copy(row[m.cols:], b.rows[i])
	}
	if rank := both.reduce(m.cols); rank < m.cols {
		return Matrix{}, fmt.Errorf("%w: rank %d for %d unknowns", ErrSingular, rank, m.cols)
	}
	x := zeros(m.cols, b.cols)
	for i, row := range both.rows {
		if i < m.cols {
			copy(x.rows[i], row[m.cols:])
		} else if bytes.Count(row[m.cols:], []byte{0}) < b.cols {
			return Matrix{}, fmt.Errorf("%w: equation %d contradicts the others", ErrSingular, i)
		}
	}
	return x, nil
}

func (m Matrix) clone() Matrix {
	c := zeros(len(m.rows), m.cols)
	for i, row := range m.rows {
		copy(c.rows[i], row)
	}
	return c
}

// reduce brings the first cols columns into reduced echelon form, and returns their rank.
func (m Matrix) reduce(cols int) (rank int) {
	for col := 0; col < cols && rank < len(m.rows); col++ {
		p := rank
		for p < len(m.rows) && m.rows[p][col] == 0 {
			p++
		}
		if p == len(m.rows) {
			continue
		}
		m.rows[rank], m.rows[p] = m.rows[p], m.rows[rank]
		row := m.rows[rank]
		gf.MulSlice(row, row, gf.Inv(row[col]))
		for i, other := range m.rows {
			if i != rank && other[col] != 0 {
				gf.MulAdd(other, row, other[col])
			}
		}
		rank++
	}
	return rank
}
