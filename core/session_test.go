package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// endings are what a node was told of the ends of sessions, and of its sources.
func endings(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(s string) bool {
		return !strings.HasPrefix(s, "session-end") && !strings.HasPrefix(s, "broken-source") && !strings.HasPrefix(s, "source-end")
	})
}

// chain is a row of nodes that relay every session to the next, and their journals.
func (w *world) chain(length int, does func(i int, n *Node, m *Msg)) ([]*Node, []*journal) {
	nodes, notes := make([]*Node, length), make([]*journal, length)
	for i := range nodes {
		notes[i] = &journal{breaks: true}
		nodes[i] = w.recorded(i, notes[i], func(n *Node, m *Msg) Verdict {
			if m.Type() == wire.TypeData && i+1 < length {
				n.Send(m, nodeID(i+1))
			}
			if does != nil {
				does(i, n, m)
			}
			return Done
		})
	}
	w.settle()
	return nodes, notes
}

func (w *world) source(n *Node, app uint32, msgs uint64) {
	n.AddSource(app, &numbered{w: w, rng: Rand(uint64(app)), app: app, limit: msgs, size: 50, burst: 5})
}

// TestSessionEnds: through relays, behind all data, once, and nothing is left of it,
// with lanes of their own and with shared ones, whatever the queues.
func TestSessionEnds(t *testing.T) {
	for _, lanes := range []LaneMode{LanePerApp, LaneShared} {
		for _, queue := range []int{1, 3, 0} {
			t.Run(fmt.Sprint(lanes, queue), func(t *testing.T) {
				w := newWorld(t, Config{Lanes: lanes, QueueMsgs: queue})
				defer w.close()
				nodes, notes := w.chain(4, nil)
				for app := uint32(1); app <= 3; app++ {
					w.source(nodes[0], app, 40)
				}
				w.run()
				w.check()
				for i, j := range notes {
					for app := uint32(1); app <= 3; app++ {
						mine := slices.DeleteFunc(slices.Clone(j.lines), func(s string) bool {
							return !strings.Contains(s, fmt.Sprintf("/%d #", app)) && !strings.Contains(s, fmt.Sprintf("/%d upstream: ended", app))
						})
						last := "source-end 10.0.0.0:7000/" + fmt.Sprint(app) + " upstream: ended, lost 0"
						if i > 0 {
							last = fmt.Sprintf("session-end/%d #0", app)
						}
						if len(mine) != 41 || mine[40] != last {
							t.Errorf("node %d, session %d: %d lines, the last %q", i, app, len(mine), mine[len(mine)-1])
						}
					}
				}
				for i, n := range nodes {
					up := 0
					for _, l := range n.Stats().Downstream {
						if l.Up && l.App != wire.SharedApp {
							up++
						}
					}
					if up != 0 || lanes == LanePerApp && n.ins.n != 0 {
						t.Errorf("node %d has %d lanes up and %d from upstream after all sessions ended", i, up, n.ins.n)
					}
				}
			})
		}
	}
}

// TestSessionOfTwoUpstreams has ended when both have, in whatever way they end.
func TestSessionOfTwoUpstreams(t *testing.T) {
	end := func(app uint32) spec { return spec{typ: wire.TypeSessionEnd, sender: nodeID(9), app: app} }
	for _, c := range []struct {
		name   string
		lanes  LaneMode
		second func(w *world, f *feeder)
		want   string
	}{
		{"both end", LanePerApp, func(w *world, f *feeder) { f.give(w.makeRun(end(5))) }, "session-end/5 #0"},
		{"both end, shared lanes", LaneShared, func(w *world, f *feeder) { f.give(w.makeRun(end(5))) }, "session-end/5 #0"},
		{"the other breaks", LanePerApp, func(_ *world, f *feeder) { f.lane.End(ReasonReset, nil) }, "broken-source 10.0.0.8:7000/5 upstream: reset, lost 0"},
		{"the other breaks, shared lanes", LaneShared, func(_ *world, f *feeder) { f.lane.End(ReasonReset, nil) }, "broken-source 10.0.0.8:7000/5 upstream: reset, lost 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Config{Lanes: c.lanes})
			defer w.close()
			app := uint32(5)
			if c.lanes == LaneShared {
				app = wire.SharedApp
			}
			nodes, notes := w.chain(2, nil)
			f := w.feeder(nodes[0], 9, app, w.messages(9, 5, 3, 10))
			g := w.feeder(nodes[0], 8, app, w.messages(8, 5, 3, 10))
			w.settle()
			f.give(w.makeRun(end(5)))
			w.settle()
			if got := endings(append(notes[0].lines, notes[1].lines...)); len(got) != 0 {
				t.Fatalf("told %q while another upstream brings the session", got)
			}
			c.second(w, g)
			w.settle()
			w.check()
			sameLines(t, "at the node", endings(notes[0].lines), c.want)
			if got := endings(notes[1].lines); len(got) != 1 || got[0][:8] != c.want[:8] {
				t.Errorf("downstream was told %q", got)
			}
		})
	}
}

// TestManySessionsOnSharedLane: sessions come and go on it without number, and the end
// of the last is told as that of the first.
func TestManySessionsOnSharedLane(t *testing.T) {
	const sessions = maxFlows + 500
	w := newWorld(t, Config{Lanes: LaneShared})
	defer w.close()
	ended := [3]int{}
	nodes, _ := w.chain(3, func(i int, _ *Node, m *Msg) {
		if m.Type() == wire.TypeSessionEnd {
			ended[i]++
		}
	})
	for app := uint32(1); app <= sessions; app++ {
		w.source(nodes[0], app, 2)
		w.run()
	}
	if ended != [3]int{0, sessions, sessions} {
		t.Errorf("of %d sessions the nodes were told %v ends", sessions, ended)
	}
	for i, n := range nodes {
		for l := range n.ins.all() {
			if len(l.flows) != 0 {
				t.Errorf("node %d remembers %d sessions that are over", i, len(l.flows))
			}
		}
		for _, lk := range n.links {
			for _, l := range lk.lanes {
				if len(l.apps) != 0 {
					t.Errorf("node %d remembers %d sessions that it has sent", i, len(l.apps))
				}
			}
		}
	}
}

// TestRepairAndEndSession: an algorithm that says Repair keeps the session, and
// EndSession ends it.
func TestRepairAndEndSession(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	nodes, notes := w.chain(3, func(i int, n *Node, m *Msg) {
		if i == 0 && m.Type() == wire.TypeSourceEnd || i == 1 && m.Type() == wire.TypeSessionEnd && m.App() == 6 {
			n.Repair()
		}
		if m.Type() == wire.TypeTimer {
			n.Repair() // means nothing here, nor for what comes next
		}
	})
	for app := uint32(5); app <= 6; app++ {
		w.source(nodes[0], app, 3)
	}
	w.run()
	if got := endings(append(notes[1].lines, notes[2].lines...)); len(got) != 0 {
		t.Fatalf("told %q although the session is kept", got)
	}
	w.source(nodes[0], 5, 6) // goes on
	w.run()
	for _, n := range nodes {
		n.sw.Fire(1)
	}
	w.settle()
	for app := uint32(5); app <= 6; app++ {
		nodes[0].sw.Call(func() { nodes[0].EndSession(app) })
	}
	w.run()
	sameLines(t, "at the relay", endings(notes[1].lines), "session-end/5 #0", "session-end/6 #0")
	sameLines(t, "at the end", endings(notes[2].lines), "session-end/5 #0")
	nodes[1].sw.Call(func() { nodes[1].EndSession(6) })
	w.run()
	sameLines(t, "at the end", endings(notes[2].lines), "session-end/5 #0", "session-end/6 #0")
	defer func() {
		if recover() == nil {
			t.Error("EndSession of the control lane is taken")
		}
	}()
	nodes[0].EndSession(0)
}

// TestSessionBeginsAgain: a session that has ended may have another source, at once or
// later, and its end is told again.
func TestSessionBeginsAgain(t *testing.T) {
	for _, pause := range []time.Duration{0, time.Second, 5 * time.Minute} {
		w := newWorld(t, Config{IdleTimeout: time.Minute, QueueMsgs: 2})
		nodes, notes := w.chain(3, nil)
		for range 5 {
			w.source(nodes[0], 5, 10)
			w.run()
			w.pass(pause)
		}
		for i, j := range notes[1:] {
			data := 0
			for _, line := range j.lines {
				if strings.HasPrefix(line, "data/5") {
					data++
				}
			}
			if got := endings(j.lines); len(got) != 5 || data != 50 {
				t.Errorf("with pauses of %v: node %d was told %q and got %d messages", pause, i+1, got, data)
			}
		}
		w.close()
	}
}

// TestSessionEndsAfterRest: lanes that were closed while the session was at rest do not
// keep its end from those downstream.
func TestSessionEndsAfterRest(t *testing.T) {
	for _, lanes := range []LaneMode{LanePerApp, LaneShared} {
		w := newWorld(t, Config{IdleTimeout: time.Minute, Lanes: lanes})
		nodes, notes := w.chain(2, nil)
		s := &numbered{w: w, rng: Rand(1), app: 5, limit: 3, size: 10, burst: 3}
		quiet := &quietSource{s}
		nodes[0].AddSource(5, quiet)
		w.run()
		w.pass(10 * time.Minute)
		if nodes[1].ins.n != 0 {
			t.Fatal("the lane is open")
		}
		nodes[0].StopSource(5)
		w.run()
		sameLines(t, "at the end", endings(notes[1].lines), "session-end/5 #0")
		w.pass(10 * time.Minute)
		bare(t, nodes[0])
		bare(t, nodes[1])
		w.close()
	}
}

// quietSource is a source that has nothing more to say, and does not end.
type quietSource struct{ *numbered }

func (s *quietSource) Produce(n *Node) Supply {
	if s.next == s.limit {
		return Supply{}
	}
	return s.numbered.Produce(n)
}

// TestEndSessionAgain: an algorithm that ends a session again and again, towards a node that
// takes nothing, fills no memory: it is said once, and once more after more data.
func TestEndSessionAgain(t *testing.T) {
	for _, lanes := range []LaneMode{LanePerApp, LaneShared} {
		w := newWorld(t, Config{QueueMsgs: 1, OverflowMsgs: 2, Lanes: lanes})
		var lane *OutLane
		w.dial = func(l *OutLane) { lane = l } // in a while
		n := w.node(0, nil)
		w.settle()
		say := func(fn func()) {
			n.sw.Call(fn)
			w.settle()
		}
		data := func() { n.Send(n.NewMsg(wire.TypeData, 5, 10), nodeID(1)) }
		say(data)
		for range 50 {
			say(func() { n.EndSession(5) })
		}
		if _, msgs := n.Queued(nodeID(1), 5); msgs != 2 {
			t.Errorf("%v: %d messages wait, want one and the end of the session", lanes, msgs)
		}
		for range 50 {
			say(data)
			say(func() { n.EndSession(5) })
		}
		if _, msgs := n.Queued(nodeID(1), 5); msgs > 4 {
			t.Errorf("%v: %d messages wait behind a queue of 1 and a bound of 2", lanes, msgs)
		}
		p := &port{lane: lane, room: endless}
		lane.Opened(p)
		w.run()
		if got := len(seqs(t, p.got)); got != 2 {
			t.Errorf("%v: %d messages came, want 2", lanes, got)
		}
		w.close()
	}
}

// TestLostEndsAreTheSwitchs: the ends of several sessions that a lane was given one after
// another are lost with it, and none of them counts as a message of the algorithm.
func TestLostEndsAreTheSwitchs(t *testing.T) {
	for _, lanes := range []LaneMode{LanePerApp, LaneShared} {
		w := newWorld(t, Config{Lanes: lanes})
		j := &journal{}
		n := w.recorded(0, j, nil)
		w.ports(0)
		w.settle()
		n.sw.Call(func() {
			for app := uint32(5); app <= 7; app++ {
				n.Send(n.NewMsg(wire.TypeData, app, 10), nodeID(1))
			}
			for app := uint32(5); app <= 7; app++ {
				n.EndSession(app)
			}
		})
		w.settle()
		for _, l := range n.links[0].lanes {
			l.Fail(ReasonReset)
		}
		w.run()
		if s := n.Stats(); s.Lost.OutMsgs != 3 || s.Own.Lost != 3 {
			t.Errorf("%v: %d messages and %d of the switch's own are lost, want 3 and 3:\n%s",
				lanes, s.Lost.OutMsgs, s.Own.Lost, strings.Join(j.lines, "\n"))
		}
		w.close()
	}
}

// TestMadeSessionIsItsMakers: what an algorithm makes itself is not ended by whoever opens
// a lane of the session, whatever he brings and however he goes; it is ended by its maker.
func TestMadeSessionIsItsMakers(t *testing.T) {
	for _, lanes := range []LaneMode{LanePerApp, LaneShared} {
		for name, ends := range map[string]func(w *world, f *feeder){
			"end": func(w *world, f *feeder) {
				f.give(w.makeRun(spec{typ: wire.TypeSessionEnd, sender: nodeID(8), app: 5}))
			},
			"broken": func(w *world, f *feeder) {
				f.give(w.makeRun(spec{typ: wire.TypeBrokenSource, sender: nodeID(8), app: 5}))
			},
			"reset": func(_ *world, f *feeder) { f.lane.End(ReasonReset, nil) },
		} {
			t.Run(fmt.Sprint(lanes, name), func(t *testing.T) {
				w := newWorld(t, Config{Lanes: lanes})
				defer w.close()
				nodes, notes := w.chain(2, nil)
				makes := func(n int) {
					nodes[0].sw.Call(func() {
						nodes[0].BeginSession(5)
						for range n {
							nodes[0].Send(nodes[0].NewMsg(wire.TypeData, 5, 10), nodeID(1))
						}
					})
					w.run()
				}
				makes(3)
				app := uint32(5)
				if lanes == LaneShared {
					app = wire.SharedApp
				}
				stranger := w.feeder(nodes[0], 8, app, w.messages(8, 5, 1, 10))
				w.run()
				ends(w, stranger)
				w.run()
				makes(3)
				w.check()
				if got := endings(append(notes[0].lines, notes[1].lines...)); len(got) != 0 {
					t.Fatalf("told %q of a session that its maker goes on with", got)
				}
				data := 0
				for _, line := range notes[1].lines {
					if strings.HasPrefix(line, "data/5") {
						data++
					}
				}
				if data != 7 {
					t.Errorf("%d messages arrived, of 6 that were made and 1 of the stranger", data)
				}
				nodes[0].sw.Call(func() { nodes[0].EndSession(5) })
				w.run()
				sameLines(t, "at the end", endings(notes[1].lines), "session-end/5 #0")
			})
		}
	}
	w := newWorld(t, Config{})
	defer w.close()
	nodes, _ := w.chain(1, nil)
	defer func() {
		if recover() == nil {
			t.Error("BeginSession of the control lane is taken")
		}
	}()
	nodes[0].BeginSession(0)
}
