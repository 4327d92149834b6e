package coding

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// addVectors gives a target the bytes of all vectors: a packet of one kind is bad input for the others.
func addVectors(f *testing.F) {
	for _, v := range readVectors(f) {
		if v.Hex != nil {
			f.Add([]byte(v.Hex))
		}
	}
}

// checkRefused holds errors of parsers to those that docs/coding.md lists.
func checkRefused(t *testing.T, err error) {
	for _, known := range []error{ErrShort, ErrMalformed, ErrVersion, ErrKind} {
		if errors.Is(err, known) {
			return
		}
	}
	t.Fatalf("refused with %v", err)
}

// FuzzPacket: what Parse accepts has the lengths that its header says, and can be written again byte for byte.
func FuzzPacket(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			checkRefused(t, err)
			return
		}
		must(t, p.Check())
		if again := rewrite(p); !bytes.Equal(again, b) {
			t.Fatalf("read as %+v, written as %x", p, again)
		}
		vector := bytes.Repeat([]byte{0xee}, p.K+1)
		p.Vector(vector)
		if vector[p.K] != 0xee {
			t.Fatal("more coefficients than packets")
		}
		if p.Kind != KindVector && bytes.Count(vector[:p.K], []byte{0}) == p.K {
			t.Fatal("a packet of nothing")
		}
	})
}

// FuzzDigests: what ParseDigests accepts can be written again byte for byte, and only the right packet passes.
func FuzzDigests(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseDigests(b)
		if err != nil {
			checkRefused(t, err)
			return
		}
		if again := packetOf(t, d.Len(), d.Put); !bytes.Equal(again, b) {
			t.Fatalf("written as %x", again)
		}
		for _, i := range []int{-1, 0, d.K - 1, d.K} {
			d.Check(i, b)
		}
	})
}

// FuzzFeedback: what Parse accepts can be written again byte for byte, and what it refuses leaves the old feedback.
func FuzzFeedback(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		fb := Feedback{Stream: 1, Base: 2, Missing: []uint16{3}}
		if err := fb.Parse(b); err != nil {
			checkRefused(t, err)
			if fb.Stream != 1 || fb.Base != 2 || len(fb.Missing) != 1 || fb.Missing[0] != 3 {
				t.Fatalf("changed to %+v by what was refused", fb)
			}
			return
		}
		if again := packetOf(t, fb.Len(), fb.Put); !bytes.Equal(again, b) {
			t.Fatalf("written as %x", again)
		}
	})
}

// FuzzWindowPacket: what ParseWindow accepts stays in bounds and names a window that there can be.
func FuzzWindowPacket(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseWindow(b)
		if err != nil {
			checkRefused(t, err)
			return
		}
		if p.Count < 1 || p.Count > MaxWindow || p.End() > MaxSeq || p.First >= p.End() || len(p.Payload) == 0 || len(p.Payload) > MaxSize {
			t.Fatalf("%+v", p)
		}
	})
}

// FuzzWindowFeedback: what is accepted can be written again byte for byte, and no feedback takes a window of an encoder
// beyond what it sent.
func FuzzWindowFeedback(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		fb, err := ParseWindowFeedback(b)
		if err != nil {
			checkRefused(t, err)
			return
		}
		if again := packetOf(t, windowFeedbackLen, fb.Put); !bytes.Equal(again, b) {
			t.Fatalf("written as %x", again)
		}
		var e WindowEncoder
		must(t, e.Reset(Stream{ID: fb.Stream, Size: 1, Window: 8}, 998))
		for range 8 {
			if _, err := e.Push([]byte{1}); err != nil {
				t.Fatal(err)
			}
		}
		n, err := e.Feedback(fb)
		if e.End() != 1006 || e.First() != 998+uint64(n) || n > 8 || err != nil && n > 0 {
			t.Fatalf("window from %d to %d, %d released, %v", e.First(), e.End(), n, err)
		}
	})
}

// script cuts a fuzzer's bytes into pieces: a byte of choice, a byte of length, and as much.
type script struct{ rest []byte }

func (s *script) next() (op byte, data []byte, ok bool) {
	if len(s.rest) < 2 {
		return 0, nil, false
	}
	op = s.rest[0]
	n := min(int(s.rest[1]), len(s.rest)-2)
	data = s.rest[2 : 2+n]
	s.rest = s.rest[2+n:]
	return op, data, true
}

// padded is data cut or filled to n bytes.
func padded(data []byte, n int) []byte {
	return append(append([]byte(nil), data...), make([]byte, n)...)[:n]
}

// packet makes a packet that is well formed, with contents by the fuzzer; or, if it says so, any bytes.
func (s *script) packet(g Generation) ([]byte, bool) {
	op, data, ok := s.next()
	if !ok {
		return nil, false
	}
	b := make([]byte, g.VectorLen()+g.SeededLen())
	switch op % 4 {
	case 0:
		i := int(op/4) % g.K
		g.put(b, KindSource, byte(i))
		return b[:headerLen+copy(b[headerLen:], padded(data, g.PacketSize(i)))], true
	case 1:
		c := Code{}
		if op&64 != 0 {
			c = Code{Scheme: Sparse + Scheme(op>>7), Weight: 1 + int(op/4)%g.K}
		}
		seed := binary.BigEndian.Uint32(padded(data, 4))
		return b[:seededLen+copy(g.putSeeded(b, c, seed), padded(data, g.Size))], true
	case 2:
		body := padded(data, g.K+g.Size)
		g.put(b, KindVector, 0)
		return b[:headerLen+copy(b[headerLen:], body)], true
	default:
		return data, true
	}
}

// FuzzDecoders: whatever arrives, well formed but meaningless or not formed at all, the two decoders and the recoder
// agree with the oracle on what is innovative; and when the generation is complete, what they found makes every
// innovative packet again.
func FuzzDecoders(f *testing.F) {
	f.Add([]byte("\x00\x04\x02" + "\x00\x04abcd" + "\x02\x06\x01\x01wxyz"))
	f.Add([]byte("\x01\x03\x00" + "\x01\x03abc" + "\x41\x03xyz" + "\xc1\x03\x00\x00\x01" + "\x05\x01z" + "\x03\x02\x01\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 3 {
			return
		}
		g := Generation{K: MinK + int(b[0]%7), Size: 1 + int(b[1]%16)}
		g.Last = 1 + int(b[2])%g.Size
		var dec Decoder
		var pro Progressive
		var rec Recoder
		must(t, dec.Reset(g), pro.Reset(g, buffersFor(g)), rec.Reset(g))
		var eqs []equation
		for s := (script{b[3:]}); ; {
			p, ok := s.packet(g)
			if !ok || len(eqs) > 40 {
				break
			}
			want := Redundant
			if parsed, err := Parse(p); err == nil && parsed.Generation == g {
				next := with(eqs, equationOf(t, p))
				if slowRank(next) > len(eqs) {
					want, eqs = Innovative, next
				}
			}
			for _, add := range []func([]byte) (Result, error){dec.Add, addCopy(&pro), rec.Add} {
				if got, err := add(p); got != want || err != nil && want == Innovative {
					t.Fatalf("%v, %v; want %v", got, err, want)
				}
			}
		}
		checkFuzzed(t, &dec, &pro, &rec, eqs)
	})
}

func checkFuzzed(t *testing.T, dec *Decoder, pro *Progressive, rec *Recoder, eqs []equation) {
	g := dec.Generation()
	if len(eqs) > 0 {
		b := packetOf(t, g.VectorLen(), rec.Recode)
		if slowRank(with(eqs, equationOf(t, b))) != len(eqs) {
			t.Fatal("recoded what was not there")
		}
	}
	err := dec.Decode(buffersFor(g))
	if dec.Complete() != (err == nil) || dec.Complete() != (len(eqs) == g.K) || dec.Complete() != pro.Complete() {
		t.Fatalf("rank %d of %d: %v", len(eqs), g.K, err)
	}
	if !dec.Complete() {
		return
	}
	known := slowKnown(eqs)
	for i := range g.K {
		want := known[i][:g.PacketSize(i)]
		if !bytes.Equal(dec.Packet(i), want) || !bytes.Equal(pro.Packet(i), want) {
			t.Fatalf("packet %d is %x and %x, want %x", i, dec.Packet(i), pro.Packet(i), want)
		}
	}
}

// FuzzWindowDecoder: whatever arrives and whatever is given up, packets are delivered in order, and the feedback is one
// that can be sent. (That they are the right ones is for TestWindowAgreesWithTheOracle.)
func FuzzWindowDecoder(f *testing.F) {
	for _, v := range readVectors(f) {
		if v.Kind == "window" {
			script := []byte{byte(v.Window - 1), byte(v.Size - 1)}
			for _, a := range v.Packets {
				script = append(append(script, 3, byte(len(a.Hex))), a.Hex...)
			}
			f.Add(script)
		}
	}
	f.Add([]byte("\x03\x02" + "\x00\x04\x01abc" + "\x01\x08\x00\x02\x00\x00xyz1" + "\x02\x01\x05" + "\x00\x04\x07abc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 2 {
			return
		}
		s := Stream{ID: 6, Window: 1 + int(b[0]%9), Size: 1 + int(b[1]%8)}
		const first = 100
		d := new(WindowDecoder)
		bufs := make([][]byte, 2*s.Window)
		for i := range bufs {
			bufs[i] = make([]byte, s.Size)
		}
		must(t, d.Reset(s, first, bufs))
		next := uint64(first)
		for sc := (script{b[2:]}); ; {
			op, data, ok := sc.next()
			if !ok {
				break
			}
			fuzzStep(d, s, op, data)
			for {
				seq, p, ok := d.Deliver()
				if !ok {
					break
				}
				if seq < next || len(p) != s.Size {
					t.Fatalf("delivered %d of %d bytes after %d", seq, len(p), next)
				}
				next = seq + 1
			}
			if d.Next() < next || d.Next() > MaxSeq || d.elim.rank < 0 || d.elim.rank > d.elim.cols {
				t.Fatalf("next is %d after %d, rank %d", d.Next(), next, d.elim.rank)
			}
			packetOf(t, windowFeedbackLen, d.Feedback().Put)
		}
	})
}

// fuzzStep does what a piece of the script says: a source packet, a coded one, a skip, or any bytes.
func fuzzStep(d *WindowDecoder, s Stream, op byte, data []byte) {
	b := make([]byte, s.CodedLen())
	head := padded(data, 4)
	switch op % 4 {
	case 0:
		s.put(b, KindWindowSource, d.Next()-2+uint64(head[0]%16))
		copy(b[windowSourceLen:], padded(data[min(1, len(data)):], s.Size))
		ignore(d.Add(b[:s.SourceLen()]))
	case 1:
		c := Code{Scheme: Scheme(head[2] % 3)}
		if c.Scheme != Dense {
			c.Weight = 1 + int(head[2])/3
		}
		payload := s.putCoded(b, d.Next()-4+uint64(head[0]%8), 1+int(head[1]%12), c, uint32(head[3]))
		copy(payload, data)
		ignore(d.Add(b))
	case 2:
		d.SkipTo(d.Next() + uint64(head[0]))
		if op > 250 {
			d.SkipTo(1<<64 - 1)
		}
	default:
		ignore(d.Add(data))
	}
}
