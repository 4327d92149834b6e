package core_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Each message takes what the latency says, whatever comes before and after it: none is
// early, and none waits for another.
func TestEachMessageArrivesInItsOwnTime(t *testing.T) {
	for _, c := range []struct {
		latency   time.Duration
		perSecond float64
		n         uint64
	}{
		{time.Second, 1000, 20_000},
		{30 * time.Second, 1000, 40_000},
		{50 * time.Millisecond, 12_345, 50_000},
		{time.Microsecond, 100_000, 10_000},
		{7 * time.Second, 3, 100},
	} {
		t.Run(fmt.Sprintf("%v at %v", c.latency, c.perSecond), func(t *testing.T) {
			w := coretest.New(t, core.Config{})
			sink := &apps.Checker{}
			instants, last := 0, time.Duration(-1)
			sink.Latency = func(ns int64) {
				if took := time.Duration(ns); took != c.latency {
					t.Fatalf("a message took %v, want %v", took, c.latency)
				}
				if now := w.Now(); now != last {
					instants, last = instants+1, now
				}
			}
			w.Node("b", relay.New(sink))
			a := w.Node("a", relay.New(nil, w.ID("b")))
			a.SetLink(w.ID("b"), emul.Link{Latency: c.latency})
			a.AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 100, Limit: c.n}, c.perSecond))
			w.Run()
			// A source may send the first two at once.
			if got := sink.Tally(); got.Messages != c.n || instants < int(c.n)-1 {
				t.Errorf("%d messages of %d arrived, at %d times", got.Messages, c.n, instants)
			}
		})
	}
}

// Wake-ups may be saved where the runtime says so: messages are late then by less than
// that, and never early.
func TestDelaySlackMakesNothingEarly(t *testing.T) {
	const slack = time.Millisecond
	w := coretest.New(t, core.Config{DelaySlack: slack})
	sink := &apps.Checker{}
	link := emul.Link{Latency: 2 * time.Second} // the source is done when the first arrives
	instants, last := 0, time.Duration(-1)
	sink.Latency = func(ns int64) {
		if took := time.Duration(ns); took < link.Latency || took > link.Latency+slack {
			t.Fatalf("a message took %v, want %v to %v more", took, link.Latency, slack)
		}
		if now := w.Now(); now != last {
			instants, last = instants+1, now
		}
	}
	w.Node("b", relay.New(sink))
	a := w.Node("a", relay.New(nil, w.ID("b")))
	a.SetLink(w.ID("b"), link)
	a.AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 100, Limit: 20_000}, 20_000))
	w.Run()
	if most := int(time.Second/slack) + 1; sink.Tally().Messages != 20_000 || instants > most {
		t.Errorf("%d messages at %d times, want 20000 at %d at most", sink.Tally().Messages, instants, most)
	}
}

// A link carries its rate whatever its latency and jitter, and one without a rate what
// comes.
func TestDelayCostsNoBandwidth(t *testing.T) {
	const ms = time.Millisecond
	for _, e := range []emul.Link{
		{Rate: 10 * emul.MBps, Latency: 20 * ms, Jitter: emul.Jitter{Dist: emul.Exponential, Spread: 20 * ms}},
		{Rate: 100 * emul.MBps, Latency: 10 * ms, Jitter: emul.Jitter{Dist: emul.Exponential, Spread: 30 * ms}},
		{Rate: emul.MBps, Latency: ms, Jitter: emul.Jitter{Dist: emul.Normal, Spread: 50 * ms}},
		{Rate: emul.MBps, Latency: 50 * ms, Jitter: emul.Jitter{Dist: emul.Uniform, Spread: 50 * ms}},
		{Rate: 20 * emul.MBps, Latency: 200 * ms},
	} {
		t.Run(e.String(), func(t *testing.T) {
			l := newLine(t, core.Config{}, 2, 0)
			l.nodes[0].SetLink(l.nodes[1].ID(), e)
			l.begin()
			l.w.RunFor(2 * time.Second)
			if r := l.rates(10 * time.Second)[0]; !near(r, float64(e.Rate), 0.02) {
				t.Errorf("the link carries %.0f bytes a second, want %d", r, e.Rate)
			}
			if full := l.nodes[0].Stats().Downstream[0].PipeFull; full != 0 {
				t.Errorf("the bound on what is in flight held the link up for %v", full)
			}
		})
	}
}

func TestALinkWithoutARateCarriesWhatComes(t *testing.T) {
	for _, c := range []struct {
		pipe int64
		want float64
	}{{0, 100e6}, {4_000_000, 20e6}} {
		t.Run(fmt.Sprint("pipe ", c.pipe), func(t *testing.T) {
			w := coretest.New(t, core.Config{})
			sink := &apps.Checker{}
			w.Node("b", relay.New(sink))
			a := w.Node("a", relay.New(nil, w.ID("b")))
			a.SetLink(w.ID("b"), emul.Link{Latency: 200 * time.Millisecond, Pipe: c.pipe})
			a.AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 50_000}, 100e6/(50_000+wire.HeaderSize)))
			w.RunFor(time.Second)
			before := sink.Tally().Messages
			w.RunFor(2 * time.Second)
			got := float64(sink.Tally().Messages-before) * (50_000 + wire.HeaderSize) / 2
			if !near(got, c.want, 0.02) {
				t.Errorf("the link carries %.0f bytes a second, want %.0f", got, c.want)
			}
			if full := a.Stats().Downstream[0].PipeFull; (full > 0) != (c.pipe > 0) {
				t.Errorf("the bound held the link up for %v", full)
			}
		})
	}
}

// Behind a link with latency a slower one is felt: what it takes comes through, and what
// the link holds is what that fills in the latency and a few buffers, whatever the source
// could send, and from the first moment.
func TestBuffersBoundLinksWithLatency(t *testing.T) {
	const size = linePayload + wire.HeaderSize
	for _, buffers := range []int{5, 10, 20} {
		for _, latency := range []time.Duration{time.Millisecond, 20 * time.Millisecond, 200 * time.Millisecond} {
			for _, rate := range []emul.Rate{50 * emul.KBps, 5 * emul.MBps} {
				for _, source := range []emul.Rate{emul.Unlimited, rate * 8 / 7} {
					t.Run(fmt.Sprintf("%d messages, %v, %v behind %v", buffers, latency, rate, source), func(t *testing.T) {
						l := newLine(t, core.Config{QueueMsgs: buffers}, 4, 0)
						l.nodes[0].SetLink(l.nodes[1].ID(), emul.Link{Rate: source})
						l.nodes[1].SetLink(l.nodes[2].ID(), emul.Link{Latency: latency})
						l.nodes[2].SetLink(l.nodes[3].ID(), emul.Link{Rate: rate})
						l.begin()
						flying := latency.Seconds() * float64(max(rate, source)) / size
						most := uint64(8*buffers) + uint64(3*flying) // more than it needs while that is being found
						for range 400 {
							l.w.RunFor(25 * time.Millisecond)
							if held := l.sinks[1].Tally().Messages - l.sinks[2].Tally().Messages; held > most {
								t.Fatalf("at %v the link holds %d messages, want %d at most", l.w.Now(), held, most)
							}
						}
						if r := l.rates(20 * time.Second)[2]; !near(r, float64(rate), 0.01) {
							t.Errorf("%.0f bytes a second come through, want %d", r, rate)
						}
					})
				}
			}
		}
	}
}

// Links of which nothing was said do what the default says: those that are there, those
// that open later, and again once SetLink has said something else of them.
func TestLinksDoWhatTheDefaultSays(t *testing.T) {
	w := coretest.New(t, core.Config{})
	took := map[string]time.Duration{}
	var peers []core.NodeID
	for _, name := range []string{"there", "set", "later"} {
		sink := &apps.Checker{}
		sink.Latency = func(ns int64) { took[name] = time.Duration(ns) }
		w.Node(name, relay.New(sink))
		peers = append(peers, w.ID(name))
	}
	r := relay.New(nil, peers[:2]...)
	a := w.Node("a", r)
	a.SetLink(peers[1], emul.Link{Latency: 3 * time.Millisecond})
	a.AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 100}, 100))
	check := func(what string, want map[string]time.Duration) {
		t.Helper()
		w.RunFor(time.Second)
		for name, d := range want {
			if took[name] != d {
				t.Errorf("%s: messages to %q take %v, want %v", what, name, took[name], d)
			}
		}
	}
	ms := time.Millisecond
	check("before", map[string]time.Duration{"there": 0, "set": 3 * ms})
	a.SetDefaultLink(emul.Link{Latency: 50 * ms})
	w.Call(a, func() { r.SetDownstreams(peers...) })
	check("with a default", map[string]time.Duration{"there": 50 * ms, "set": 3 * ms, "later": 50 * ms})
	a.SetLink(peers[2], emul.Link{})
	check("one made plain", map[string]time.Duration{"there": 50 * ms, "later": 0})
	a.SetDefaultLink(emul.Link{Latency: 7 * ms})
	check("another default", map[string]time.Duration{"there": 7 * ms, "set": 3 * ms, "later": 0})
	if got := a.Link(w.ID("nobody")).Latency; got != 7*ms {
		t.Errorf("a link to somebody unknown would have a latency of %v", got)
	}
}

// A cut lets nothing onto the link, whatever its rate and latency, until it is healed; what
// was in flight arrives, and nothing is lost.
func TestACutLinkLetsNothingThrough(t *testing.T) {
	for _, e := range []emul.Link{{}, {Rate: 50 * emul.KBps}, {Latency: 30 * time.Millisecond}, {Rate: 50 * emul.KBps, Latency: 30 * time.Millisecond}} {
		t.Run(e.String(), func(t *testing.T) {
			const messages = 200
			w := coretest.New(t, core.Config{})
			sink := &apps.Checker{}
			w.Node("b", relay.New(sink))
			a := w.Node("a", relay.New(nil, w.ID("b")))
			a.SetLink(w.ID("b"), e)
			a.AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 100, Limit: messages}, 100))
			w.RunFor(505 * time.Millisecond)
			cut := e
			cut.Cut = true
			a.SetLink(w.ID("b"), cut)
			w.RunFor(40 * time.Millisecond) // what was in flight
			before := sink.Tally().Messages
			w.RunFor(time.Second)
			if got := sink.Tally().Messages; got != before || before < 45 || before > 55 {
				t.Errorf("%d messages have come over a link that is cut, after %d before", got-before, before)
			}
			if n := len(a.Stats().Downstream); n != 1 {
				t.Errorf("%d lanes, want the one that was there", n)
			}
			a.SetLink(w.ID("b"), e)
			w.RunFor(2 * time.Second)
			if got := sink.Tally(); got.Messages != messages || got.Lost != 0 {
				t.Errorf("%d of %d messages have come, %d are lost", got.Messages, messages, got.Lost)
			}
		})
	}
}

// Backlogs says what Stats does, lane by lane and in sum.
func TestBacklogsSayWhatStatsDoes(t *testing.T) {
	w := coretest.New(t, core.Config{QueueMsgs: 5})
	for _, name := range []string{"b", "c", "d"} {
		w.Node(name, relay.New(&apps.Checker{}))
	}
	a := w.Node("a", relay.New(nil, w.ID("b"), w.ID("c"), w.ID("d")))
	a.SetLink(w.ID("b"), emul.Link{Latency: 20 * time.Millisecond, Pipe: 3000})
	a.SetLink(w.ID("c"), emul.Link{Rate: 20 * emul.KBps, Loss: 0.3})
	a.AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: 1000}))
	a.AddSource(2, apps.NewConstantRate(apps.Stream{App: 2, Payload: 100}, 50))
	for range 20 {
		w.RunFor(37 * time.Millisecond)
		s := a.Stats()
		var all []core.Backlog
		lost := a.Backlogs(func(b core.Backlog) { all = append(all, b) })
		if lost != s.Lost || len(all) != len(s.Downstream) {
			t.Fatalf("lost %+v on %d lanes, want %+v on %d", lost, len(all), s.Lost, len(s.Downstream))
		}
		for i, l := range s.Downstream {
			want := core.Backlog{To: l.To, App: l.App, Msgs: l.QueuedMsgs + l.Waiting, Lost: l.LostMsgs + l.EmulMsgs, PipeFull: l.PipeFull}
			if all[i] != want {
				t.Fatalf("got %+v, want %+v", all[i], want)
			}
		}
	}
}
