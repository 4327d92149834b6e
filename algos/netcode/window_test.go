package netcode_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// Without a deadline whatever the source sends arrives, in order and whole: any acyclic topology, any sizes, any loss of
// packets and answers. And when all is there, nothing more happens.
func TestWindowDelivers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names, edges := randomDAG(t, rapid.IntRange(2, 7).Draw(t, "nodes"))
		sizes := rapid.SliceOfN(rapid.IntRange(0, 300), 1, 5).Draw(t, "sizes")
		src := &counted{app: 1, limit: rapid.Uint64Range(1, 300).Draw(t, "messages"), size: func(i uint64) int { return sizes[int(i)%len(sizes)] }}
		if rapid.Bool().Draw(t, "slow source") {
			src.every = 7 * time.Millisecond
		}
		cfg := netcode.WindowSession{
			Size: 300, Window: rapid.IntRange(1, 70).Draw(t, "window"), Queue: rapid.IntRange(1, 6).Draw(t, "queue"),
			Overhead: rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(t, "overhead"),
		}
		g := newWinGraph(t, neverIdle(t), cfg, names, edges, names[1:], src)
		g.feedbackLost(edges)
		g.runFor(t, 10*time.Minute)
		for name, r := range g.read {
			if r.got != src.limit {
				g.log(t)
				t.Fatalf("%s got %d of %d messages", name, r.got, src.limit)
			}
		}
		for name, m := range g.nodes {
			if c := m.Counters(); m.Held() != 0 || c.Bad+c.Skipped+c.Expired+c.Muted != 0 {
				t.Fatalf("%s holds %d messages in the end: %+v", name, m.Held(), c)
			}
		}
		at := g.w.Totals().Events
		g.runFor(t, time.Hour)
		if now := g.w.Totals().Events; now != at {
			t.Fatalf("%d events in an hour in which there was nothing to do", now-at)
		}
	})
}

func TestWindowChain(t *testing.T) {
	edges := limited([]edge{{from: "s", to: "a"}, {from: "a", to: "b"}, {from: "b", to: "c"}, {from: "c", to: "r"}},
		emul.Link{Loss: 0.05, Latency: 25 * time.Millisecond})
	g := newWinGraph(t, sim.Options{Seed: 1}, netcode.WindowSession{Overhead: 0.1}, []string{"s", "a", "b", "c", "r"}, edges, []string{"r"},
		&counted{app: 1, size: always(size), limit: 1 << 60, every: 5 * time.Millisecond})
	g.runFor(t, 30*time.Second)
	g.log(t)
}
