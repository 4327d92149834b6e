package gfbench

import "github.com/ioverlay/ioverlay/coding/gf"

// systematic finds the lost packets of a generation of which the others came as they are: lost = inverse · (coded -
// known), all in one product of four rows.
type systematic struct {
	inverter *inverter
	ofLost   [][]byte // the coded packets' coefficients of the lost ones
	ofKnown  [][]byte // and of the others
	rows     [][]byte // the product's: first those of the coded packets, then of the known ones
	tails    [][]byte // the latter part of rows
	received [][]byte
	dsts     [][]byte
	packets  [][]byte
}

func newSystematic() *systematic {
	n := len(lost)
	s := &systematic{
		inverter: newInverter(n), ofLost: newRows(n, n, 0), ofKnown: newRows(n, packetsOf-n, 0), rows: newRows(n, packetsOf, 0),
		received: make([][]byte, packetsOf), dsts: make([][]byte, n), packets: make([][]byte, packetsOf),
	}
	for _, row := range s.rows {
		s.tails = append(s.tails, row[n:])
	}
	return s
}

func (s *systematic) decode(k gf.Kernels, g *generation) {
	gap, known := 0, len(lost)
	copy(s.received, g.coded)
	for i := range packetsOf {
		if gap < len(lost) && lost[gap] == i {
			for j, row := range g.rows {
				s.ofLost[j][gap] = row[i]
			}
			s.dsts[gap], s.packets[i] = g.decoded[i], g.decoded[i]
			gap++
			continue
		}
		for j, row := range g.rows {
			s.ofKnown[j][known-len(lost)] = row[i]
		}
		s.received[known], s.packets[i] = g.sources[i], g.sources[i]
		known++
	}
	inverse := s.inverter.invert(k, s.ofLost)
	for j, row := range inverse {
		copy(s.rows[j], row)
	}
	k.MatMul(s.tails, s.ofKnown, inverse)
	k.MatMul(s.dsts, s.received, s.rows)
}
