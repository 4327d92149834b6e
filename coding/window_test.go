package coding

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// stream is a stream under way: sender, receiver, what is on the network between them, and a slow receiver.
type stream struct {
	Stream
	first   uint64
	enc     WindowEncoder
	dec     WindowDecoder
	sources [][]byte // by number less first
	network [][]byte
	eqs     []equation // received, over all of sources
	got     int        // delivered
}

const mostPackets = 30 // of a stream: the oracle is slow

func drawStream(t *rapid.T) *stream {
	s := &stream{Stream: Stream{
		ID: rapid.Uint32().Draw(t, "id"), Size: rapid.IntRange(1, 9).Draw(t, "size"), Window: rapid.IntRange(1, 9).Draw(t, "window"),
	}}
	s.first = rapid.SampledFrom([]uint64{0, 1, 5, 1<<32 - 3, MaxSeq - mostPackets}).Draw(t, "first")
	s.enc.Code, s.enc.Seed = drawCode.Draw(t, "code"), rapid.Uint32().Draw(t, "seed")
	bufs := make([][]byte, 2*s.Window)
	for i := range bufs {
		bufs[i] = bytes.Repeat([]byte{0xdd}, s.Size)
	}
	must(t, s.enc.Reset(s.Stream, s.first), s.dec.Reset(s.Stream, s.first, bufs))
	return s
}

func (s *stream) push(t *rapid.T) {
	if len(s.sources) == mostPackets {
		return
	}
	p := rapid.SliceOfN(rapid.Byte(), s.Size, s.Size).Draw(t, "packet")
	seq, err := s.enc.Push(p)
	if full := s.enc.End()-s.enc.First() == uint64(s.Window); err != nil {
		if !full {
			t.Fatal(err)
		}
		return
	}
	if seq != s.first+uint64(len(s.sources)) {
		t.Fatalf("pushed as %d", seq)
	}
	s.sources = append(s.sources, p)
	b := packetOf(t, s.SourceLen(), func(b []byte) (int, error) { return s.enc.Source(b, seq) })
	s.network = append(s.network, b)
}

func (s *stream) code(t *rapid.T) {
	if s.enc.First() == s.enc.End() {
		_, err := s.enc.Coded(make([]byte, s.CodedLen()))
		wantErr(t, "a packet of nothing", err, ErrIncomplete)
		return
	}
	s.network = append(s.network, packetOf(t, s.CodedLen(), s.enc.Coded))
}

// equation is what a packet says, in the numbers of sources.
func (s *stream) equation(t *rapid.T, b []byte) equation {
	p, err := ParseWindow(b)
	must(t, err)
	e := equation{make([]byte, mostPackets), append([]byte(nil), p.Payload...)}
	coefs := e.coefs[p.First-s.first:][:p.Count]
	coefs[0] = 1
	if p.Kind == KindWindowCoded {
		p.Code.Coefficients(coefs, p.Seed)
	}
	if want := slowSum(e.coefs[:len(s.sources)], s.sources, s.Size); !bytes.Equal(p.Payload, want) {
		t.Fatalf("packet %x is not the sum %x", b, want)
	}
	return e
}

// receive lets a packet arrive. What was delivered counts as known to the oracle, since it was.
func (s *stream) receive(t *rapid.T, b []byte) {
	next := with(s.eqs, s.equation(t, b))
	want := Redundant
	if slowRank(next) > slowRank(s.eqs) {
		want, s.eqs = Innovative, next
	}
	own := append([]byte(nil), b...)
	got, err := s.dec.Add(own)
	clear(own) // it must not be kept
	if got != want || err != nil {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}
	s.deliver(t)
	known := slowKnown(s.eqs)
	prefix := 0
	for known[prefix] != nil {
		prefix++
	}
	if s.got != prefix || s.dec.Next() != s.first+uint64(prefix) {
		t.Fatalf("%d delivered, next is %d; the oracle knows %d", s.got, s.dec.Next(), prefix)
	}
	s.checkFeedback(t)
}

func (s *stream) deliver(t *rapid.T) {
	for {
		seq, p, ok := s.dec.Deliver()
		if !ok {
			return
		}
		if seq != s.first+uint64(s.got) || !bytes.Equal(p, s.sources[s.got]) {
			t.Fatalf("delivered %d: %x; want %d: %x", seq, p, s.got, s.sources[s.got])
		}
		s.got++
	}
}

func (s *stream) checkFeedback(t *rapid.T) {
	f := s.dec.Feedback()
	end := s.got
	for _, e := range s.eqs {
		for i, c := range e.coefs {
			if c != 0 {
				end = max(end, i+1)
			}
		}
	}
	// A sparse packet may have had a part in later packets with a coefficient of 0.
	if f.Next != s.dec.Next() || f.End < s.first+uint64(end) {
		t.Fatalf("%+v; delivered %d, seen %d", f, s.got, end)
	}
	if missing := int(f.End-s.first) - slowRank(s.eqs); f.Missing != missing {
		t.Fatalf("%+v; want %d missing", f, missing)
	}
}

func (s *stream) feedback(t *rapid.T) {
	b := packetOf(t, windowFeedbackLen, s.dec.Feedback().Put)
	f, err := ParseWindowFeedback(b)
	must(t, err)
	before := s.enc.First()
	released, err := s.enc.Feedback(f)
	if err != nil || uint64(released) != s.enc.First()-before || s.enc.First() != s.dec.Next() {
		t.Fatalf("feedback %+v moved the window from %d to %d, %d released: %v", f, before, s.enc.First(), released, err)
	}
}

// Whatever is lost, late, repeated or out of order: the decoder delivers exactly what the oracle knows, in order, and
// says so.
func TestWindowAgreesWithTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStream(t)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0, 1:
				s.push(t)
			case 2:
				s.code(t)
			case 3:
				s.feedback(t)
			default:
				if len(s.network) > 0 {
					s.receive(t, rapid.SampledFrom(s.network).Draw(t, "arrival"))
				}
			}
		}
	})
}

// A live sender gives up what is late. What is delivered is right and in order, the rest is counted, and nothing that
// can still be had is lost: in the end everything that was not given up arrives.
func TestLiveWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStream(t)
		last, delivered := s.first, uint64(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				if s.enc.End()-s.enc.First() == uint64(s.Window) {
					s.enc.Advance(s.enc.First() + rapid.Uint64Range(1, uint64(s.Window)+3).Draw(t, "advance"))
				}
				s.push(t)
			case 1:
				s.code(t)
			default:
				if len(s.network) == 0 {
					continue
				}
				b := rapid.SampledFrom(s.network).Draw(t, "arrival")
				p, _ := ParseWindow(b)
				if _, err := s.dec.Add(b); err != nil {
					s.dec.SkipTo(p.First)
				} else if rapid.Bool().Draw(t, "skip") {
					s.dec.SkipTo(s.dec.Horizon())
				}
				for {
					seq, got, ok := s.dec.Deliver()
					if !ok {
						break
					}
					if seq < last || !bytes.Equal(got, s.sources[seq-s.first]) {
						t.Fatalf("delivered %d after %d: %x; want %x", seq, last, got, s.sources[seq-s.first])
					}
					last, delivered = seq+1, delivered+1
				}
				if s.dec.Next()-s.first != delivered+s.dec.Skipped() {
					t.Fatalf("next %d, delivered %d, skipped %d", s.dec.Next()-s.first, delivered, s.dec.Skipped())
				}
			}
		}
		s.finishLive(t)
	})
}

// finishLive sends the whole window once more, after which nothing of it may be missing.
func (s *stream) finishLive(t *rapid.T) {
	s.dec.SkipTo(s.enc.First())
	for seq := s.enc.First(); ; seq++ {
		for {
			at, p, ok := s.dec.Deliver()
			if !ok {
				break
			}
			if !bytes.Equal(p, s.sources[at-s.first]) {
				t.Fatalf("delivered %d: %x", at, p)
			}
		}
		if seq == s.enc.End() {
			break
		}
		b := packetOf(t, s.SourceLen(), func(b []byte) (int, error) { return s.enc.Source(b, seq) })
		if _, err := s.dec.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	if s.dec.Next() != s.enc.End() {
		t.Fatalf("delivered up to %d of %d", s.dec.Next(), s.enc.End())
	}
}
