package coding

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// network is a generation under way: the packets that exist, each with a slow copy of what it says.
type network struct {
	g       Generation
	sources [][]byte
	enc     Encoder
	packets [][]byte
}

func drawNetwork(t *rapid.T) *network {
	n := &network{g: drawGeneration.Draw(t, "generation")}
	n.sources = sourcesOf(n.g, rapid.Uint64().Draw(t, "content"))
	n.enc = Encoder{Code: drawCode.Draw(t, "code"), Seed: rapid.Uint32().Draw(t, "seed")}
	if err := n.enc.Reset(n.g, n.sources); err != nil {
		t.Fatal(err)
	}
	for range rapid.IntRange(1, 2*n.g.K).Draw(t, "made") {
		n.packets = append(n.packets, n.drawPacket(t))
	}
	for depth := range rapid.IntRange(0, 3).Draw(t, "depth") {
		n.recode(t, depth)
	}
	return n
}

func (n *network) drawPacket(t *rapid.T) []byte {
	switch rapid.IntRange(0, 3).Draw(t, "how") {
	case 0:
		i := rapid.IntRange(0, n.g.K-1).Draw(t, "index")
		return packetOf(t, n.enc.Len(), func(b []byte) (int, error) { return n.enc.Source(b, i) })
	case 1:
		coefs := rapid.SliceOfN(rapid.Byte(), n.g.K, n.g.K).Draw(t, "coefs")
		return packetOf(t, n.g.VectorLen(), func(b []byte) (int, error) { return n.enc.Combine(b, coefs) })
	default:
		return packetOf(t, n.enc.Len(), n.enc.Coded)
	}
}

// recode lets a relay take some of the packets and adds what it makes of them.
func (n *network) recode(t *rapid.T, depth int) {
	r := Recoder{Code: drawCode.Draw(t, "recode"), Seed: uint64(depth)}
	if err := r.Reset(n.g); err != nil {
		t.Fatal(err)
	}
	for range rapid.IntRange(1, n.g.K).Draw(t, "fed") {
		if _, err := r.Add(rapid.SampledFrom(n.packets).Draw(t, "packet")); err != nil {
			t.Fatal(err)
		}
	}
	if r.Rank() == 0 {
		return // vectors of zeros only
	}
	n.packets = append(n.packets, packetOf(t, n.g.VectorLen(), r.Recode))
	dsts := make([][]byte, rapid.IntRange(1, 10).Draw(t, "batch"))
	for i := range dsts {
		dsts[i] = make([]byte, n.g.VectorLen())
	}
	if err := r.RecodeAll(dsts); err != nil {
		t.Fatal(err)
	}
	n.packets = append(n.packets, dsts...)
}

// Every packet, however often it was recoded, is the sum that its coefficients say.
func TestPacketsAreTheirSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNetwork(t)
		for _, b := range n.packets {
			e := equationOf(t, b)
			if want := slowSum(e.coefs, n.sources, n.g.Size); !bytes.Equal(e.value, want) {
				t.Fatalf("packet %x\nis not the sum %x", b, want)
			}
		}
	})
}

// Whatever arrives, in whatever order and however often: both decoders and the recoder call innovative exactly what
// raises the oracle's rank, and decode exactly what it decodes.
func TestDecodersAgreeWithTheOracle(t *testing.T) {
	var dec Decoder // reused throughout, as a node does
	var pro Progressive
	var rec Recoder
	rapid.Check(t, func(t *rapid.T) {
		n := drawNetwork(t)
		bufs := buffersFor(n.g)
		must(t, dec.Reset(n.g), pro.Reset(n.g, bufs), rec.Reset(n.g))
		var eqs []equation
		for range rapid.IntRange(0, 3*n.g.K).Draw(t, "arrivals") {
			b := rapid.SampledFrom(n.packets).Draw(t, "arrival")
			next := with(eqs, equationOf(t, b))
			want, rank := Redundant, slowRank(next)
			if rank > slowRank(eqs) {
				want, eqs = Innovative, next
			}
			for _, add := range []func([]byte) (Result, error){dec.Add, addCopy(&pro), rec.Add} {
				if got, err := add(b); got != want || err != nil {
					t.Fatalf("%v, %v; want %v", got, err, want)
				}
			}
			if dec.Rank() != rank || pro.Rank() != rank || rec.Rank() != rank {
				t.Fatalf("ranks %d, %d, %d; want %d", dec.Rank(), pro.Rank(), rec.Rank(), rank)
			}
			checkKnown(t, &pro, slowKnown(eqs), n)
		}
		checkDecode(t, &dec, n)
	})
}

func must(t rapid.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// addCopy gives a Progressive bytes that are gone afterwards: it must not keep them.
func addCopy(d *Progressive) func([]byte) (Result, error) {
	return func(b []byte) (Result, error) {
		own := append([]byte(nil), b...)
		defer clear(own)
		return d.Add(own)
	}
}

func checkKnown(t *rapid.T, d *Progressive, known map[int][]byte, n *network) {
	ready := 0
	for known[ready] != nil {
		ready++
	}
	if d.Ready() != ready {
		t.Fatalf("%d packets ready, want %d", d.Ready(), ready)
	}
	for i := range n.g.K {
		switch got := d.Packet(i); {
		case (got == nil) != (known[i] == nil):
			t.Fatalf("packet %d known: %t", i, got != nil)
		case got != nil && !bytes.Equal(got, n.sources[i]):
			t.Fatalf("packet %d is %x, want %x", i, got, n.sources[i])
		}
	}
}

func checkDecode(t *rapid.T, d *Decoder, n *network) {
	dst := make([][]byte, n.g.K)
	for _, i := range d.Missing(nil) {
		dst[i] = make([]byte, n.g.PacketSize(i)) // not a byte too many
	}
	err := d.Decode(dst)
	if d.Complete() != (err == nil) {
		t.Fatalf("complete: %t; Decode: %v", d.Complete(), err)
	}
	for i := range n.g.K {
		if err == nil && !bytes.Equal(d.Packet(i), n.sources[i]) {
			t.Fatalf("packet %d is %x, want %x", i, d.Packet(i), n.sources[i])
		}
	}
}

// Several packets at once are the same as one after the other.
func TestBatchesAreSingles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNetwork(t)
		one, several := n.enc, n.enc
		recOne := Recoder{Code: drawCode.Draw(t, "recode"), Seed: 3}
		recSeveral := recOne
		must(t, one.Reset(n.g, n.sources), several.Reset(n.g, n.sources), recOne.Reset(n.g), recSeveral.Reset(n.g))
		for _, b := range n.packets {
			for _, r := range []*Recoder{&recOne, &recSeveral} {
				if _, err := r.Add(b); err != nil {
					t.Fatal(err)
				}
			}
		}
		count := rapid.IntRange(1, 20).Draw(t, "count")
		same := func(size int, all func([][]byte) error, single func([]byte) (int, error)) {
			dsts := make([][]byte, count)
			for i := range dsts {
				dsts[i] = make([]byte, size)
			}
			must(t, all(dsts))
			for i, dst := range dsts {
				if b := packetOf(t, size, single); !bytes.Equal(b, dst) {
					t.Fatalf("packet %d of %d is %x, alone %x", i, count, dst, b)
				}
			}
		}
		same(n.g.SeededLen(), several.CodedAll, one.Coded)
		if recOne.Rank() > 0 {
			same(n.g.VectorLen(), recSeveral.RecodeAll, recOne.Recode)
		}
	})
}
