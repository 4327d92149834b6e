package wire

import "fmt"

// invariants states, for each state, where the unfinished bytes are and how the framer's cursors are ordered:
//
//	0 <= off <= off+have <= off+have+asked (assembling) <= len(block),   have < need
//
// It costs nothing unless checked.
func (f *Framer) invariants() {
	if !checked {
		return
	}
	ok := false
	switch f.state {
	case empty, broken:
		ok = f.block == nil && f.have == 0
	case small:
		ok = f.block == nil && f.have > 0 && f.have < HeaderSize && f.need == 0
	case carried:
		ok = f.block != nil && f.have >= HeaderSize && int(f.off+f.have) <= len(f.block.Bytes())
	case assembling:
		ok = f.block != nil && f.off == 0 && f.have >= HeaderSize && int(f.have+f.asked) <= len(f.block.Bytes()) &&
			f.have+f.asked <= f.need
	case lent, lentBlock:
		ok = f.block == nil && f.have == 0 && f.asked == 0 && f.stage != nil && f.chunk.Slab != nil
	}
	if f.state == carried || f.state == assembling {
		ok = ok && f.have < f.need && int(f.need) <= HeaderSize+f.maxPayload()
	}
	if !ok || (f.stage != nil) != (f.state == lent || f.state == lentBlock) {
		panic(fmt.Sprintf("wire: framer in state %d out of order: off %d, have %d, need %d, asked %d",
			f.state, f.off, f.have, f.need, f.asked))
	}
}

// invariants states the order of the stage's cursor:
//
//	0 <= cursor <= cursor+have+asked of the framer that was last offered space <= len(buf)
//
// It costs nothing unless checked.
func (s *Stage) invariants() {
	if !checked {
		return
	}
	end := s.cursor
	if s.asker != nil && s.asker.state != assembling {
		end += int(s.asker.have + s.asker.asked)
	}
	if s.cursor < 0 || end > len(s.buf) || (s.slab == nil) != (s.buf == nil) {
		panic(fmt.Sprintf("wire: stage cursor %d and the space behind it, to %d, in a slab of %d bytes",
			s.cursor, end, len(s.buf)))
	}
}
