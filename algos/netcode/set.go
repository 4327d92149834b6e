package netcode

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/coding/gf"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Set is what has arrived of one number: a message of each input, or of some. It belongs
// to its Coder and is valid until the rule returns.
type Set struct {
	coder *Coder
	seq   uint64
	since time.Duration
	msgs  []*core.Msg // by input; nil for those that are missing
	have  int
	size  int // payload bytes that are coded; the same for all
}

// sizeOf is the length in bytes of what a message brings of its streams.
func sizeOf(m *core.Msg) int { return len(body(m)) }

// body is what is coded: the payload of an original, or behind the header of a packet.
func body(m *core.Msg) []byte {
	if m.Type() != TypeCoded {
		return m.Payload()
	}
	p, err := coding.Parse(m.Payload())
	if err != nil {
		return nil // it was parsed when it came
	}
	return p.Payload
}

// Seq is the number that the messages have in common.
func (s *Set) Seq() uint64 { return s.seq }

// Complete reports whether there is a message of every input.
func (s *Set) Complete() bool { return s.have == len(s.msgs) }

// Msg is the message of an input, or nil. It may be sent as it is.
func (s *Set) Msg(input int) *core.Msg { return s.msgs[input] }

// Size is the length in bytes of what is coded.
func (s *Set) Size() int { return s.size }

// vector adds coef times what an input is a sum of to dst, a coefficient for each stream.
func (s *Set) vector(dst []byte, input int, coef byte) {
	m := s.msgs[input]
	if m.Type() != TypeCoded {
		dst[slices.Index(s.coder.Streams, m.App())] ^= coef
		return
	}
	if p, err := coding.Parse(m.Payload()); err == nil {
		gf.MulAdd(dst, p.Coefs, coef)
	}
}

// Make makes the message of application app that is the sum of coefs[i] times the
// message of input i. Inputs that are missing, or have no coefficient, count as 0: what
// is made says so in its header, and can be used by whoever knows the rest. It is nil if
// nothing is left. Send it before the rule returns, or retain it.
func (s *Set) Make(app uint32, coefs ...byte) *core.Msg {
	vector := s.coder.vector[:len(s.coder.Streams)]
	clear(vector)
	for i, coef := range coefs {
		if coef != 0 && s.msgs[i] != nil {
			s.vector(vector, i, coef)
		}
	}
	if !slices.ContainsFunc(vector, func(v byte) bool { return v != 0 }) {
		return nil
	}
	s.coder.begin(app)
	g := s.coder.generation(s.seq, s.size)
	m := s.coder.NewMsg(TypeCoded, app, g.VectorLen())
	m.SetSeq(s.seq)
	s.add(putVector(m.Payload(), g, vector), coefs)
	return m
}

// add writes the sum of the inputs into dst.
func (s *Set) add(dst []byte, coefs []byte) {
	packets, factors, n := &s.coder.packets, &s.coder.factors, 0
	for i, coef := range coefs {
		if coef != 0 && s.msgs[i] != nil {
			packets[n], factors[n] = body(s.msgs[i]), coef
			n++
		}
	}
	gf.Dot(dst, packets[:n], factors[:n])
	clear(packets[:n])
}

// Emit makes a message as Make does and sends it to each of the given nodes. It reports
// whether there was anything to send.
func (s *Set) Emit(app uint32, coefs []byte, to ...core.NodeID) bool {
	m := s.Make(app, coefs...)
	if m == nil {
		return false
	}
	for _, dest := range to {
		s.coder.Send(m, dest)
	}
	return true
}

// Recover is the message of an original stream, by its place in Coder.Streams: the one
// that came, or one made of the others, or nil if they do not suffice. It is valid until
// the rule returns.
func (s *Set) Recover(stream int) *core.Msg {
	app := s.coder.Streams[stream]
	if i := slices.Index(s.coder.Inputs, app); i >= 0 && s.msgs[i] != nil && s.msgs[i].Type() == wire.TypeData {
		return s.msgs[i]
	}
	coefs := s.coder.solver.solve(s, stream)
	if coefs == nil {
		return nil
	}
	m := s.coder.NewMsg(wire.TypeData, app, s.size)
	m.SetSeq(s.seq)
	s.add(m.Payload(), coefs)
	return m
}

// generation is the shape of what is coded: one packet of each stream.
func (c *Coder) generation(seq uint64, size int) coding.Generation {
	return coding.Generation{ID: uint32(seq), K: len(c.Streams), Size: size, Last: size}
}
