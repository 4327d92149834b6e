package coding

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// delivery is a packet and who brought it.
type delivery struct {
	packet []byte
	from   uint32
}

// deliveries are packets of a generation by three upstreams, each of which alone can make it up, in any order.
func deliveries(t *rapid.T, g Generation, sources [][]byte) []delivery {
	var all []delivery
	for from := range uint32(3) {
		e := Encoder{Seed: from << 16}
		must(t, e.Reset(g, sources))
		for i := range g.K + 2 {
			write := e.Coded
			if i < g.K && rapid.Bool().Draw(t, "plain") {
				write = func(b []byte) (int, error) { return e.Source(b, i) }
			}
			all = append(all, delivery{packetOf(t, e.Len(), write), from})
		}
	}
	return rapid.Permutation(all).Draw(t, "order")
}

// poison changes a byte of a payload.
func poison(t *rapid.T, b []byte) {
	p, err := Parse(b)
	must(t, err)
	p.Payload[rapid.IntRange(0, len(p.Payload)-1).Draw(t, "at")] ^= rapid.ByteRange(1, 255).Draw(t, "flip")
}

func receiveAll(t rapid.TB, d *Decoder, all []delivery) {
	t.Helper()
	for _, a := range all {
		if _, err := d.AddFrom(a.packet, a.from); err != nil {
			t.Fatal(err)
		}
	}
}

// One upstream poisons what it likes. The receiver, which kept what the two others sent, recovers the generation, and
// accuses exactly the poisoned packets.
func TestDiagnoseOneUpstream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGeneration.Draw(t, "generation")
		sources := sourcesOf(g, 3)
		var digests Digests
		must(t, digests.Sum(g, rapid.SampledFrom([]Hash{XXH64, SHA256}).Draw(t, "hash"), sources))
		all := deliveries(t, g, sources)
		var want []Suspect
		for _, a := range all {
			if a.from == 1 && rapid.Bool().Draw(t, "poisoned") {
				poison(t, a.packet)
				want = append(want, Suspect{a.from, a.packet})
			}
		}
		d := Decoder{Spares: len(all)}
		must(t, d.Reset(g))
		receiveAll(t, &d, all)
		bufs := buffersFor(g)
		must(t, d.Decode(bufs))
		err := d.Verify(&digests)
		if err != nil && len(want) == 0 {
			t.Fatalf("nothing is poisoned: %v", err)
		}
		if len(want) > 0 {
			wantErr(t, "the spares", d.CheckSpares(), ErrPoisoned)
		}
		got, err := d.Diagnose(&digests, bufs)
		if err != nil || !slices.EqualFunc(got, want, sameSuspect) {
			t.Fatalf("accused %d, want %d: %v", len(got), len(want), err)
		}
		must(t, d.Verify(&digests))
	})
}

func sameSuspect(a, b Suspect) bool { return a.From == b.From && &a.Packet[0] == &b.Packet[0] }

// With one packet to spare, one poisoned packet of one upstream is found among all.
func TestDiagnoseOnePacket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGeneration.Draw(t, "generation")
		sources := sourcesOf(g, 4)
		var digests Digests
		must(t, digests.Sum(g, XXH64, sources))
		e := Encoder{Seed: rapid.Uint32().Draw(t, "seed")}
		must(t, e.Reset(g, sources))
		d := Decoder{Spares: 1}
		must(t, d.Reset(g))
		var kept []delivery
		for spare := false; !spare || !d.Complete(); {
			b := packetOf(t, e.Len(), e.Coded)
			r, err := d.AddFrom(b, 7)
			must(t, err)
			if r != Redundant {
				kept = append(kept, delivery{b, 7})
			}
			spare = spare || r == Spare
		}
		bad := kept[rapid.IntRange(0, g.K).Draw(t, "bad")].packet
		poison(t, bad)
		bufs := buffersFor(g)
		must(t, d.Decode(bufs))
		wrong := d.Verify(&digests) // the spare may be the one, and nothing is wrong then
		got, err := d.Diagnose(&digests, bufs)
		if replaceable(t, kept, bad) {
			if err != nil || len(got) != 1 || &got[0].Packet[0] != &bad[0] || got[0].From != 7 {
				t.Fatalf("accused %d: %v", len(got), err)
			}
			must(t, d.Verify(&digests))
		} else if !errors.Is(err, ErrPoisoned) || len(got) != 0 || !errors.Is(wrong, ErrPoisoned) {
			t.Fatalf("not enough to replace it, but accused %d: %v; verified %v", len(got), err, wrong)
		}
	})
}

// replaceable reports whether the packets without one still have full rank.
func replaceable(t rapid.TB, kept []delivery, bad []byte) bool {
	var eqs []equation
	for _, a := range kept {
		if &a.packet[0] != &bad[0] {
			eqs = append(eqs, equationOf(t, a.packet))
		}
	}
	return slowRank(eqs) == len(eqs[0].coefs)
}

// Poison from everywhere is detected, and a source packet accused by itself.
func TestDiagnoseFailure(t *testing.T) {
	g := Generation{K: 4, Size: 8, Last: 5}
	sources := sourcesOf(g, 5)
	var digests Digests
	must(t, digests.Sum(g, SHA256, sources))
	e := encoderFor(t, g, sources)
	d := Decoder{Spares: 2}
	must(t, d.Reset(g))
	for from := range uint32(6) {
		b := packetOf(t, e.Len(), e.Coded)
		if from == 0 {
			b = packetOf(t, e.Len(), func(b []byte) (int, error) { return e.Source(b, 3) })
		}
		b[len(b)-1]++
		receiveAll(t, &d, []delivery{{b, from}})
	}
	bufs := buffersFor(g)
	wantErr(t, "Verify before Decode", d.Verify(&digests), ErrIncomplete)
	wantErr(t, "CheckSpares before Decode", d.CheckSpares(), ErrIncomplete)
	must(t, d.Decode(bufs))
	wantErr(t, "Verify", d.Verify(&digests), ErrPoisoned)
	got, err := d.Diagnose(&digests, bufs)
	wantErr(t, "Diagnose", err, ErrPoisoned)
	if len(got) != 1 || got[0].From != 0 {
		t.Errorf("accused %v, want the source packet of 0", got)
	}
	other := digests
	other.ID++
	wantErr(t, "digests of another generation", d.Verify(&other), ErrGeneration)
	_, err = d.Diagnose(&other, bufs)
	wantErr(t, "digests of another generation", err, ErrGeneration)
	_, err = d.Diagnose(&digests, bufs[:3])
	wantErr(t, "a buffer too few", err, ErrBuffer)
	bufs[1] = bufs[1][:7]
	_, err = d.Diagnose(&digests, bufs)
	wantErr(t, "a buffer too short", err, ErrBuffer)
	must(t, d.Reset(g))
	_, err = d.Diagnose(&digests, bufs)
	wantErr(t, "nothing there", err, ErrIncomplete)
}
