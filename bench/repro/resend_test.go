package repro

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
)

// Over links that lose a tenth everything comes, once, and as it was sent.
func TestResenderLosesNothing(t *testing.T) {
	b := newSimBed(1)
	lossy := emul.Link{Rate: unit(), Loss: 0.1, Latency: 20 * time.Millisecond}
	to := func(names ...string) []route {
		var ids []core.NodeID
		for _, n := range names {
			ids = append(ids, b.id(n))
		}
		return []route{{app: 1, to: ids}}
	}
	meters := map[string]*meter{}
	add := func(name string, sources []*stream, next ...string) {
		k := &meter{}
		meters[name] = k
		r := role{meter: k, alg: newResender(k, to(next...)), sources: sources}
		for _, n := range next {
			r.links = append(r.links, linkSpec{b.id(n), lossy})
		}
		if err := b.add(name, r); err != nil {
			t.Fatal(err)
		}
	}
	add("t", nil)
	add("u", nil)
	add("r", nil, "t", "u")
	add("s", []*stream{{app: 1, size: 1000, rate: 200}}, "r")
	if _, err := measure(t.Context(), b, []string{"s"}, []string{"t"}, Window{Warmup: time.Second, Duration: 60 * time.Second}); err != nil {
		t.Fatal(err)
	}
	sent := uint64(200 * 60)
	for _, name := range []string{"t", "u"} {
		k := meters[name]
		for seq := range sent - 600 { // the rest may be on its way
			if !k.seen[1][seq] {
				t.Fatalf("%s lacks %d of %d", name, seq, sent)
			}
		}
		if k.tally.Wrong > 0 || k.tally.Useful != 1000*uint64(len(k.seen[1])) {
			t.Errorf("%s: %+v", name, k.tally)
		}
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
}

// Messages between resenders that make no sense change nothing.
func TestResenderTakesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 20), rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xff}), 0, 20)).Draw(t, "payload")
		numbered := rapid.Bool().Draw(t, "numbered")
		b := newSimBed(1)
		k := &meter{}
		r := newResender(k, nil)
		if err := b.add("r", role{meter: k, alg: r}); err != nil {
			t.Fatal(err)
		}
		if err := b.add("s", role{meter: &meter{}, alg: newResender(&meter{}, []route{{app: 1, to: []core.NodeID{b.id("r")}}})}); err != nil {
			t.Fatal(err)
		}
		n := b.world.Node("s").Core()
		n.Call(func() {
			kind, app := typeLacking, uint32(0)
			if numbered {
				kind, app = typeNumbered, 1
			}
			m := n.NewMsg(kind, app, len(payload))
			copy(m.Payload(), payload)
			n.Send(m, b.id("r"))
		})
		if err := b.wait(context.Background(), 2*time.Second); err != nil {
			t.Fatal(err)
		}
		if err := b.close(); err != nil {
			t.Fatal(err)
		}
	})
}
