package codes

import (
	"bytes"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// solver decodes any linear code: by elimination on coefficients alone as packets come, and one
// product of matrices over the payloads in the end.
//
// Each useful packet is a row of K coefficients and, behind them, K more that say which sum of the packets kept it
// is. Rows are in reduced echelon form, so what a new row lacks to be clear of their pivots can be read off it.
type solver struct {
	k, size int
	expand  func(row []byte, number uint32) error
	rows    [][]byte
	pivots  []int
	kept    [][]byte
	row     []byte // scratch, as a row
	factors []byte
}

func newSolver(c *linear, size int) Decoder { return solverOf(c.k, size, c.coefficients) }

func solverOf(k, size int, expand func([]byte, uint32) error) *solver {
	return &solver{k: k, size: size, expand: expand, row: make([]byte, 2*k)}
}

// Complete implements Decoder.
func (s *solver) Complete() bool { return len(s.rows) == s.k }

// Add implements Decoder.
func (s *solver) Add(packet []byte) (bool, error) {
	number, payload, err := readHeader(packet, s.size)
	if err != nil {
		return false, err
	}
	clear(s.row)
	if err := s.expand(s.row[:s.k], number); err != nil {
		return false, err
	}
	if s.Complete() {
		return false, nil
	}
	s.row[s.k+len(s.kept)] = 1
	s.factors = s.factors[:0]
	for _, p := range s.pivots {
		s.factors = append(s.factors, s.row[p])
	}
	if len(s.rows) > 0 {
		gf.DotAdd(s.row, s.rows, s.factors)
	}
	pivot := -1
	for i, c := range s.row[:s.k] {
		if c != 0 {
			pivot = i
			break
		}
	}
	if pivot < 0 {
		return false, nil
	}
	gf.MulSlice(s.row, s.row, gf.Inv(s.row[pivot]))
	for _, r := range s.rows {
		if c := r[pivot]; c != 0 {
			gf.MulAdd(r, s.row, c)
		}
	}
	s.rows, s.pivots, s.kept = append(s.rows, bytes.Clone(s.row)), append(s.pivots, pivot), append(s.kept, payload)
	return true, nil
}

// Decode implements Decoder. Packets that came as they are cost a copy.
func (s *solver) Decode(dst [][]byte) error {
	if !s.Complete() {
		return ErrIncomplete
	}
	if err := checkRoom(dst, s.k, s.size); err != nil {
		return err
	}
	var dsts, rows [][]byte
	for r, row := range s.rows {
		of := row[s.k:]
		if bytes.Count(of, []byte{0}) == s.k-1 {
			if i := bytes.IndexByte(of, 1); i >= 0 {
				copy(dst[s.pivots[r]], s.kept[i])
				continue
			}
		}
		dsts, rows = append(dsts, dst[s.pivots[r]]), append(rows, of)
	}
	if len(dsts) > 0 {
		gf.MatMul(dsts, s.kept, rows)
	}
	return nil
}
