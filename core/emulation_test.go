package core_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// line is a chain of relays in a test's world, with a back-to-back source of app 1 at
// its head and a checker at every node.
type line struct {
	w     *coretest.World
	nodes []*core.Switch
	sinks []*apps.Checker
	src   *apps.BackToBack
}

const linePayload = 5000

func newLine(t coretest.TB, cfg core.Config, n int, limit uint64) *line {
	l := &line{w: coretest.New(t, cfg)}
	for i := range n {
		var next []core.NodeID
		if i+1 < n {
			next = append(next, l.w.ID(fmt.Sprint("n", i+1)))
		}
		sink := &apps.Checker{}
		l.sinks = append(l.sinks, sink)
		l.nodes = append(l.nodes, l.w.Node(fmt.Sprint("n", i), relay.New(sink, next...)))
	}
	l.src = apps.NewBackToBack(apps.Stream{App: 1, Payload: linePayload, Limit: limit})
	return l
}

func (l *line) begin() { l.nodes[0].AddSource(1, l.src) }

// rates runs for a while and returns the bytes a second, headers included, that each
// node got from the one before it.
func (l *line) rates(d time.Duration) []float64 {
	before := make([]uint64, len(l.sinks))
	for i, s := range l.sinks {
		before[i] = s.Tally().Messages
	}
	l.w.RunFor(d)
	var r []float64
	for i, s := range l.sinks[1:] {
		r = append(r, float64(s.Tally().Messages-before[i+1])*(linePayload+wire.HeaderSize)/d.Seconds())
	}
	return r
}

func near(got, want, share float64) bool { return math.Abs(got-want) <= share*want }

// smallBuffers are the paper's: ten messages a link.
var smallBuffers = core.Config{QueueMsgs: 10}

// The paper's section 2.2: a bottleneck in the middle slows the whole chain down, back
// to the source, and nothing is lost; lifted, the chain recovers.
func TestABottleneckHoldsUpTheChain(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit emul.Bandwidth
		want  float64
	}{
		{"total", emul.Bandwidth{Total: 30 * emul.KBps}, 15_000}, // what comes in goes out
		{"up", emul.Bandwidth{Up: 30 * emul.KBps}, 30_000},
		{"down", emul.Bandwidth{Down: 30 * emul.KBps}, 30_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine(t, smallBuffers, 7, 0)
			// Without a limit virtual time would stand still.
			l.nodes[0].SetBandwidth(emul.Bandwidth{Up: 400 * emul.KBps})
			l.begin()
			l.w.RunFor(2 * time.Second)
			for i, r := range l.rates(5 * time.Second) {
				if !near(r, 400_000, 0.01) {
					t.Errorf("before, node %d gets %.0f bytes a second", i+1, r)
				}
			}
			l.nodes[3].SetBandwidth(c.limit)
			// Buffers of ten messages on each of three links up the chain, and 2 s.
			l.w.RunFor(time.Duration(3*2*10*linePayload/c.want*float64(time.Second)) + 2*time.Second)
			for i, r := range l.rates(100 * time.Second) {
				if !near(r, c.want, 0.01) {
					t.Errorf("behind the bottleneck, node %d gets %.0f bytes a second, want %.0f", i+1, r, c.want)
				}
			}
			l.nodes[3].SetBandwidth(emul.Bandwidth{})
			l.w.RunFor(2 * time.Second)
			for i, r := range l.rates(5 * time.Second) {
				if !near(r, 400_000, 0.01) {
					t.Errorf("recovered, node %d gets %.0f bytes a second", i+1, r)
				}
			}
			if got := l.sinks[6].Tally(); got.Lost != 0 || got.OutOfOrder != 0 || got.Corrupt != 0 {
				t.Errorf("the last node got %+v", got)
			}
		})
	}
}

func TestLatencyIsOneWay(t *testing.T) {
	for _, e := range []emul.Link{
		{Latency: 50 * time.Millisecond},
		{Latency: 50 * time.Millisecond, Rate: 10 * emul.MBps},
		{Latency: 50 * time.Millisecond, Jitter: emul.Jitter{Dist: emul.Uniform, Spread: 10 * time.Millisecond}},
	} {
		t.Run(e.String(), func(t *testing.T) {
			w := coretest.New(t, core.Config{})
			sink := &apps.Checker{}
			var least, most time.Duration = time.Hour, 0
			sink.Latency = func(ns int64) {
				least, most = min(least, time.Duration(ns)), max(most, time.Duration(ns))
			}
			w.Node("b", relay.New(sink))
			a := w.Node("a", relay.New(nil, w.ID("b")))
			a.SetLink(w.ID("b"), e)
			a.AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 1000, Limit: 2000}, 100))
			w.Run()
			if got := sink.Tally(); got.Messages != 2000 || got.OutOfOrder != 0 {
				t.Fatalf("the sink got %+v", got)
			}
			spread := e.Jitter.Spread
			if low, high := e.Latency-spread, e.Latency+spread+time.Millisecond; least < low || most > high {
				t.Errorf("messages took %v to %v, want %v to %v", least, most, low, high)
			}
			if spread > 0 && most-least < spread {
				t.Errorf("messages took %v to %v, which hardly varies", least, most)
			}
		})
	}
}

// A link with latency carries its rate, whatever is on its way meanwhile.
func TestLatencyCostsNoThroughput(t *testing.T) {
	l := newLine(t, core.Config{}, 2, 0)
	l.nodes[0].SetLink(l.nodes[1].ID(), emul.Link{Rate: emul.MBps, Latency: 200 * time.Millisecond})
	l.begin()
	l.w.RunFor(time.Second)
	if r := l.rates(10 * time.Second)[0]; !near(r, 1e6, 0.01) {
		t.Fatalf("the link carries %.0f bytes a second, want 1000000", r)
	}
}

// What is lost is what the link was told to lose, to the message.
func TestLossIsCounted(t *testing.T) {
	l := newLine(t, smallBuffers, 4, 20_000)
	for i, e := range []emul.Link{
		{Loss: 0.1},
		{Loss: 0.2, Rate: 50 * emul.MBps, Latency: 10 * time.Millisecond},
		{Loss: 0.05, Jitter: emul.Jitter{Dist: emul.Exponential, Spread: time.Millisecond}},
	} {
		l.nodes[i].SetLink(l.nodes[i+1].ID(), e)
	}
	l.begin()
	l.w.Run()
	sent, share := uint64(20_000), 1.0
	for i, loss := range []float64{0.1, 0.2, 0.05} {
		lost := l.nodes[i].Stats().Lost
		got := l.sinks[i+1].Tally()
		if got.Messages+lost.EmulMsgs != sent || got.OutOfOrder != 0 || got.Corrupt != 0 || lost.OutMsgs != 0 {
			t.Fatalf("link %d: sent %d, received %+v, lost %+v", i, sent, got, lost)
		}
		if lost.EmulBytes != lost.EmulMsgs*(linePayload+wire.HeaderSize) {
			t.Errorf("link %d lost %d messages of %d bytes", i, lost.EmulMsgs, lost.EmulBytes)
		}
		sent = got.Messages
		share *= 1 - loss
	}
	if !near(float64(sent), 20_000*share, 0.02) {
		t.Errorf("%d of 20000 messages came through, want about %.0f", sent, 20_000*share)
	}
}

// A limit that nobody reaches wakes nobody: Run returns when nothing is left to do, and
// a timer that sets itself again would keep it from that.
func TestAnIdleLimitedNodeSleeps(t *testing.T) {
	l := newLine(t, core.Config{}, 3, 100)
	for i, n := range l.nodes {
		n.SetBandwidth(emul.Bandwidth{Total: emul.GBps, Up: emul.GBps, Down: emul.GBps})
		if i < 2 {
			n.SetLink(l.nodes[i+1].ID(), emul.Link{Rate: emul.GBps, Latency: time.Millisecond})
		}
	}
	l.begin()
	l.w.Run()
	if got := l.sinks[2].Tally(); got.Messages != 100 {
		t.Fatalf("the sink got %+v", got)
	}
}

// A node that is ended with messages on their way has counted them all.
func TestNothingOnTheWayIsForgotten(t *testing.T) {
	for _, kill := range []bool{false, true} {
		t.Run(fmt.Sprintf("kill=%v", kill), func(t *testing.T) {
			l := newLine(t, smallBuffers, 2, 0)
			l.nodes[0].SetLink(l.nodes[1].ID(), emul.Link{Rate: 100 * emul.KBps, Latency: time.Second})
			l.begin()
			l.w.RunFor(3 * time.Second)
			if kill {
				l.nodes[0].Kill()
			} else {
				l.nodes[0].Stop()
			}
			l.w.Run()
			if !l.nodes[0].Ended() {
				t.Fatal("the node has not ended")
			}
			lost := l.nodes[0].Stats().Lost
			got := l.sinks[1].Tally().Messages
			if kill == (lost.OutMsgs == 0) {
				t.Errorf("killed: %v, and %d messages were lost", kill, lost.OutMsgs)
			}
			// The source's last run may have been dropped before it was switched.
			if l.src.Sent() != got+lost.OutMsgs+lost.SourceMsgs {
				t.Errorf("sent %d, received %d, lost %+v", l.src.Sent(), got, lost)
			}
		})
	}
}

// Settings change at random while traffic flows: nothing is lost that a link was not
// told to lose, nothing is reordered, and in the end everything arrives.
func TestSettingsMayChangeAtAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := core.Config{QueueMsgs: rapid.IntRange(1, 40).Draw(t, "queue")}
		const nodes, limit = 4, 3000
		l := newLine(t, cfg, nodes, limit)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		rate := func() emul.Rate {
			if rng.IntN(3) == 0 {
				return emul.Unlimited
			}
			return emul.Rate(math.Pow(10, 5+3*rng.Float64()))
		}
		l.nodes[0].SetBandwidth(emul.Bandwidth{Up: 2 * emul.MBps})
		l.begin()
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			i := rng.IntN(nodes)
			n := l.nodes[i]
			switch what := rng.IntN(4); {
			case what < 2:
				n.SetBandwidth(emul.Bandwidth{Total: rate(), Up: rate(), Down: rate()})
			case i+1 < nodes:
				e := emul.Link{Rate: rate(), Loss: []float64{0, 0, 0.1}[rng.IntN(3)]}
				if rng.IntN(2) == 0 {
					e.Latency = time.Duration(rng.Int64N(int64(20 * time.Millisecond)))
					e.Jitter = emul.Jitter{Dist: emul.Uniform, Spread: time.Millisecond}
				}
				n.SetLink(l.nodes[i+1].ID(), e)
			case what == 2:
				n.SetPaceInterval(time.Duration(1+rng.IntN(500)) * time.Millisecond)
			default:
				n.SetWeight(l.nodes[max(i-1, 0)].ID(), 1, 1+rng.IntN(5))
			}
			l.w.RunFor(time.Duration(rng.Int64N(int64(50 * time.Millisecond))))
		}
		for i, n := range l.nodes {
			n.SetBandwidth(emul.Bandwidth{})
			if i+1 < nodes {
				n.SetLink(l.nodes[i+1].ID(), emul.Link{})
			}
		}
		l.w.Run()
		sent := uint64(limit)
		for i := range nodes - 1 {
			got, lost := l.sinks[i+1].Tally(), l.nodes[i].Stats().Lost
			if got.Messages+lost.EmulMsgs != sent || got.OutOfOrder != 0 || got.Corrupt != 0 || lost.OutMsgs != 0 {
				t.Fatalf("link %d: sent %d, received %+v, lost %+v", i, sent, got, lost)
			}
			sent = got.Messages
		}
	})
}

// Two sessions over one link, and two links of one node, share by their weights.
func TestLanesShareByWeight(t *testing.T) {
	w := coretest.New(t, smallBuffers)
	sinks := map[string]*apps.Checker{}
	for _, name := range []string{"b", "c"} {
		sinks[name] = &apps.Checker{}
		w.Node(name, relay.New(sinks[name]))
	}
	a := w.Node("a", relay.New(nil, w.ID("b"), w.ID("c")))
	a.SetBandwidth(emul.Bandwidth{Up: 900 * emul.KBps})
	a.SetLink(w.ID("b"), emul.Link{Rate: 300 * emul.KBps}) // less than its half
	a.SetLaneWeight(w.ID("b"), 2, 2)
	for app := range uint32(2) {
		a.AddSource(app+1, apps.NewBackToBack(apps.Stream{App: app + 1, Payload: 1000}))
	}
	w.RunFor(20 * time.Second)
	// To b goes what its link carries; every message goes to both, so the slower of
	// the two holds each session up.
	b := [2]uint64{sinks["b"].Session(a.ID(), 1).Messages, sinks["b"].Session(a.ID(), 2).Messages}
	c := [2]uint64{sinks["c"].Session(a.ID(), 1).Messages, sinks["c"].Session(a.ID(), 2).Messages}
	for app := range 2 {
		want := []float64{100_000, 200_000}[app] * 20 / 1024
		if !near(float64(b[app]), want, 0.02) || !near(float64(c[app]), want, 0.02) {
			t.Errorf("session %d: b got %d, c got %d messages, want %.0f", app+1, b[app], c[app], want)
		}
	}
}
