package coding

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// A relay recodes what it holds of any range, and a receiver of what the relay sends gets as much as there is: what it
// delivers is what was sent, and its rank that of the relay's sums. The packets are what they say.
func TestRecodeAgreesWithTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStream(t)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
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
			first := s.dec.oldest() + rapid.Uint64Range(0, uint64(s.Window)).Draw(t, "first")
			end := first + rapid.Uint64Range(1, uint64(s.Window)).Draw(t, "count")
			s.recode(t, first, end)
		}
	})
}

// recode compares the sums of a range with what the oracle knows of it.
func (s *stream) recode(t *rapid.T, first, end uint64) {
	from, to, rank := s.dec.Rank(first, end)
	if rank == 0 {
		if _, err := s.dec.Recode(make([]byte, 4096), first, end, 1); err == nil {
			t.Fatalf("a sum of nothing of packets %d to below %d", first, end)
		}
		return
	}
	if from < first || to > end || to <= from || to-from > uint64(s.Window) {
		t.Fatalf("rank %d of %d to below %d, in %d to below %d", rank, from, to, first, end)
	}
	before := slowRank(s.eqs)
	var sums []equation
	for seed := range uint32(rank + 8) { // 8 more: hardly ever are so many of no use
		b := packetOf(t, s.VectorLen(int(to-from)), func(b []byte) (int, error) { return s.dec.Recode(b, from, to, seed) })
		p, err := ParseWindow(b)
		must(t, err)
		e := equation{make([]byte, mostPackets), append([]byte(nil), p.Payload...)}
		copy(e.coefs[p.First-s.first:], p.Coefs)
		if want := slowSum(e.coefs[:len(s.sources)], s.sources, s.Size); !bytes.Equal(p.Payload, want) {
			t.Fatalf("recoded packet %x is not the sum %x", b, want)
		}
		if slowRank(with(s.eqs, e)) != before {
			t.Fatalf("recoded packet %x is none of what the relay has", b)
		}
		sums = with(sums, e)
	}
	if got := slowRank(sums); got != rank {
		t.Fatalf("sums have rank %d, not %d", got, rank)
	}
	for seq := from; seq < to; seq++ {
		b := make([]byte, s.SourceLen())
		if n, err := s.dec.Source(b, seq); (err == nil) != s.dec.Known(seq) || err == nil && !bytes.Equal(b[n-s.Size:], s.sources[seq-s.first]) {
			t.Fatalf("packet %d: %x, %v", seq, b, err)
		}
	}
}

// Recoding allocates nothing.
func TestRecodeNoAllocation(t *testing.T) {
	s := Stream{Size: 300, Window: 16}
	bufs := make([][]byte, 2*s.Window)
	for i := range bufs {
		bufs[i] = make([]byte, s.Size)
	}
	var e WindowEncoder
	var d WindowDecoder
	must(t, e.Reset(s, 0), d.Reset(s, 0, bufs))
	b := make([]byte, s.CodedLen())
	for range 12 {
		ignore(e.Push(make([]byte, s.Size)))
		n, err := e.Coded(b)
		must(t, err)
		ignore(d.Add(b[:n]))
	}
	out := make([]byte, s.VectorLen(s.Window))
	if n := testing.AllocsPerRun(20, func() {
		from, to, _ := d.Rank(0, 16)
		ignore(d.Recode(out, from, to, 7))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
