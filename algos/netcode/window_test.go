package netcode_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/netcode"
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

// The oracle with a deadline: each receiver gets in order exactly what was sent, or it was given up when it was older than
// the deadline, and counted. Nothing may be out of line, with or without feedback.
func TestWindowDeadline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names, edges := randomDAG(t, rapid.IntRange(2, 7).Draw(t, "nodes"))
		src := &counted{app: 1, limit: 400, size: always(100), every: time.Duration(rapid.IntRange(0, 10).Draw(t, "every")) * time.Millisecond}
		cfg := netcode.WindowSession{
			Window: rapid.IntRange(2, 256).Draw(t, "window"), Overhead: rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(t, "overhead"),
			Deadline: time.Duration(rapid.IntRange(1, 1000).Draw(t, "deadline")) * time.Millisecond,
		}
		if rapid.Bool().Draw(t, "rateless") { // which has room for what the deadline lets be under way: what does not fit is given up sooner
			cfg.Rateless, cfg.Window = true, 256
			src.every = max(src.every, cfg.Deadline/200)
		}
		g := newWinGraph(t, neverIdle(t), cfg, names, edges, names[1:], src)
		g.feedbackLost(edges)
		g.runFor(t, 10*time.Minute)
		for name, r := range g.read {
			c := g.nodes[name].Counters()
			if r.got == 0 {
				r.next = g.nodes[name].Began()
			}
			// What was given up behind the last that was delivered is counted by nobody else.
			if tail := src.limit - r.next; r.got != c.Delivered || !cfg.Rateless && r.skipped+tail != c.Skipped || c.Skipped < r.skipped || c.Skipped > r.skipped+tail {
				g.log(t)
				t.Fatalf("%s got %d of %d messages, %d given up, and counts %+v", name, r.got, src.limit, r.skipped, c)
			}
		}
		for name, m := range g.nodes {
			if c := m.Counters(); m.Held() != 0 || c.Bad+c.Muted != 0 {
				t.Fatalf("%s holds %d messages in the end: %+v", name, m.Held(), c)
			}
			if cfg.Rateless && m.Counters().Answers > 0 {
				t.Fatalf("%s answered %d times", name, m.Counters().Answers)
			}
		}
		at := g.w.Totals().Events
		g.runFor(t, time.Hour)
		if now := g.w.Totals().Events; now != at {
			t.Fatalf("%d events in an hour in which there was nothing to do", now-at)
		}
	})
}
