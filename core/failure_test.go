package core

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/wire"
)

// outStats is the report on one downstream lane.
func outStats(n *Node, peer int, app uint32) LaneOut {
	for _, l := range n.Stats().Downstream {
		if l.To == nodeID(peer) && l.App == app {
			return l
		}
	}
	return LaneOut{}
}

// TestFailInTheMiddle: a lane fails after every possible number of bytes. What
// the transport took whole is sent, the rest is lost, and the algorithm is told
// how much that is.
func TestFailInTheMiddle(t *testing.T) {
	const count, size = 6, 20
	const frame = wire.HeaderSize + size
	for took := range count*frame + 1 {
		w := newWorld(t, Config{QueueMsgs: 4}) // 4 queued, 1 waits, 1 is not switched yet
		ps := w.ports(0)
		var j journal
		n := w.node(0, func(n *Node, m *Msg) Verdict {
			if m.Type() == wire.TypeData {
				n.Send(m, nodeID(1))
			} else {
				j.note(m)
			}
			return Done
		})
		w.settle()
		f := w.feeder(n, 9, 5, w.messages(9, 5, count, size))
		w.settle()
		j.take()
		p := ps.to(1, 5)
		p.give(took)
		w.sh.Flush()                                               // of what came in behind
		queued := p.lane.msgs + len(p.lane.over) - p.lane.overHead // runs that are partly sent included
		p.lane.Fail(ReasonReset)
		w.settle()
		w.check()
		s := outStats(n, 1, 5)
		whole := uint64(len(p.got) / frame)
		if s.SentMsgs != whole {
			t.Fatalf("after %d bytes %d messages count as sent, want %d", took, s.SentMsgs, whole)
		}
		if s.SentMsgs+s.LostMsgs != count || s.SentBytes+s.LostBytes != count*frame {
			t.Fatalf("after %d bytes: %d+%d messages, %d+%d bytes of %d, %d", took, s.SentMsgs, s.LostMsgs, s.SentBytes, s.LostBytes, count, count*frame)
		}
		if queued > 5 || s.QueuedBytes != 0 || s.QueuedMsgs != 0 || s.Waiting != 0 || s.Up || f.lane.Busy() {
			t.Fatalf("after the failure the lane has %+v, the upstream is busy: %v", s, f.lane.Busy())
		}
		told := uint64(0)
		lines := j.take()
		if len(lines) == 0 {
			t.Fatalf("after %d bytes nobody was told", took)
		}
		if _, err := fmt.Sscanf(lines[0], "link-down 10.0.0.1:7000/5 downstream: reset, lost %d", &told); err != nil {
			t.Fatalf("after %d bytes the algorithm was told %q: %v", took, lines, err)
		}
		// What was switched after the failure came to a lane that cools down.
		if told > s.LostMsgs || s.LostMsgs-told > 1+uint64(count-5) {
			t.Fatalf("after %d bytes %d messages are lost and the algorithm knows of %d", took, s.LostMsgs, told)
		}
		w.close()
	}
}

// TestRedial: a destination that refuses is dialled again after pauses that double
// and are drawn, but only if there is something to send; every message that is lost
// meanwhile is told.
func TestRedial(t *testing.T) {
	w := newWorld(t, Config{RedialMin: 100 * time.Millisecond, RedialMax: 500 * time.Millisecond})
	defer w.close()
	var dialled []time.Duration
	refuse := true
	p := &port{room: endless}
	w.dial = func(l *OutLane) {
		dialled = append(dialled, w.now)
		if refuse {
			l.Fail(ReasonRefused)
			return
		}
		p.lane = l
		l.Opened(p)
	}
	told := uint64(0)
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		switch m.Type() {
		case wire.TypeLinkDown, wire.TypeLinkUp, wire.TypeSendFailed:
			told += m.Link().Lost
		}
		return Done
	})
	send := func() {
		n.sw.Call(func() { n.Send(n.NewMsg(wire.TypeData, 5, 0), nodeID(1)) })
		w.settle()
		w.check()
	}
	const tick = 10 * time.Millisecond
	for i := range 300 {
		send()
		w.pass(tick)
		if told != uint64(i+1) { // within lossDelay of the loss
			t.Fatalf("of %d lost messages the algorithm was told of %d", i+1, told)
		}
	}
	w.pauses(dialled, 100*time.Millisecond, 200*time.Millisecond, 400*time.Millisecond, 500*time.Millisecond)
	if len(dialled) < 7 {
		t.Errorf("dialled %d times in 3 s: %v", len(dialled), dialled)
	}
	refuse = false
	dials := len(dialled)
	w.pass(time.Minute)
	if len(dialled) != dials {
		t.Error("dialled with nothing to send")
	}
	send()
	if s := outStats(n, 1, 5); s.SentMsgs != 1 || !s.Up || n.Stats().Lost.OutMsgs != 300 {
		t.Errorf("%d messages sent, %d lost", s.SentMsgs, n.Stats().Lost.OutMsgs)
	}

	// A lane that was open for a while begins again with the shortest pause, and one
	// that fails as soon as it is open does not.
	w.pass(time.Minute)
	for _, lived := range []time.Duration{time.Minute, 0} {
		w.pass(lived)
		dialled, refuse = []time.Duration{w.now}, true
		p.lane.Fail(ReasonReset)
		for range 100 {
			send()
			w.pass(tick)
		}
		if lived == 0 {
			w.pauses(dialled, 500*time.Millisecond)
		} else {
			w.pauses(dialled, 100*time.Millisecond, 200*time.Millisecond, 400*time.Millisecond, 500*time.Millisecond)
		}
		refuse = false
		for !outStats(n, 1, 5).Up {
			send()
			w.pass(tick)
		}
	}
}

// pauses checks what lies between dials: each pause between half of what it was drawn
// from and all of it, and the time until there is something to send. The last bound
// holds for those that follow.
func (w *world) pauses(dialled []time.Duration, most ...time.Duration) {
	w.t.Helper()
	const tick = 10 * time.Millisecond
	drawn := make(map[time.Duration]bool)
	for i := range dialled[1:] {
		bound := most[min(i, len(most)-1)]
		pause := dialled[i+1] - dialled[i]
		if pause < bound/2 || pause > bound+tick {
			w.t.Errorf("pause %d is %v, want %v to %v", i, pause, bound/2, bound)
		}
		drawn[pause] = true
	}
	if len(dialled) > 4 && len(drawn) < 3 {
		w.t.Errorf("the pauses are not drawn: %v", dialled)
	}
}

// TestOverflow: messages made for a full lane are kept up to a bound, then
// dropped, counted and reported. Those that wait are sent in order.
func TestOverflow(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 2, OverflowMsgs: 3})
	defer w.close()
	ps := w.ports(0)
	var j journal
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		j.note(m)
		return Done
	})
	w.settle()
	n.sw.Call(func() {
		for i := range 8 {
			m := n.NewMsg(wire.TypeData, 5, 0)
			m.SetSeq(uint64(i))
			n.Send(m, nodeID(1))
		}
	})
	w.settle()
	w.check()
	w.pass(lossDelay)
	want := []string{"started/0 #0", "link-up 10.0.0.1:7000/5 downstream: none, lost 0",
		"send-failed 10.0.0.1:7000/5 downstream: queue full, lost 3"}
	if got := j.take(); !slices.Equal(got, want) {
		t.Errorf("the algorithm was told %q, want %q", got, want)
	}
	ps.to(1, 5).give(endless)
	w.settle()
	w.check()
	if got := seqs(t, ps.to(1, 5).got); !slices.Equal(got, upto(5)) {
		t.Errorf("sent %v, want 0 to 4", got)
	}
	s := outStats(n, 1, 5)
	if s.SentMsgs != 5 || s.LostMsgs != 3 || s.LostBytes != 3*wire.HeaderSize {
		t.Errorf("%+v", s)
	}
}

// TestMadeForAnUpstream: what an algorithm makes of an upstream's message stops
// that upstream instead of being dropped, however much it is.
func TestMadeForAnUpstream(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1, OverflowMsgs: 1})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeData {
			for i := range uint64(4) {
				c := n.Clone(m)
				c.SetSeq(4*m.Seq() + i)
				n.Send(c, nodeID(1))
			}
		}
		return Done
	})
	f := w.feeder(n, 9, 5, w.messages(9, 5, 5, 10))
	w.settle()
	w.check()
	if !f.lane.Blocked() || f.lane.msgs != 1 {
		t.Fatalf("%d messages switched, blocked: %v", f.lane.msgs, f.lane.Blocked())
	}
	for range 100 {
		ps.to(1, 5).give(10)
		w.settle()
		w.check()
	}
	if got := seqs(t, ps.to(1, 5).got); !slices.Equal(got, upto(20)) {
		t.Errorf("sent %v", got)
	}
}

// TestOverLongKept: a queue that is never empty keeps no room for what waited
// once and is gone.
func TestOverLongKept(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, relay(1))
	for i := range 3 {
		f := w.feeder(n, 100+i, 5)
		f.more = func() Run { return w.messages(100+i, 5, 7, 0) }
		f.feed()
	}
	w.settle()
	l := ps.to(1, 5).lane
	for range 5000 {
		ps.to(1, 5).give(wire.HeaderSize)
		w.settle()
		w.check()
		if cap(l.over) > 16 {
			t.Fatalf("3 upstreams wait, and there is room for %d", cap(l.over))
		}
	}
}

// TestNothingUncounted: random failures, kills and stops. Every message a node
// has accepted was delivered or is counted as lost, message for message.
func TestNothingUncounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := someConfig(t)
		cfg.RedialMin = time.Millisecond
		size := rapid.SampledFrom([]int{0, 100, 1000}).Draw(t, "payload")
		most := rapid.SampledFrom([]int{30, 500, 5000}).Draw(t, "socket bytes")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		w := newWorld(t, cfg)
		defer w.close()
		overSock := w.sockDialler(rng, most)
		w.dial = func(l *OutLane) {
			switch rng.IntN(5) {
			case 0:
				l.Fail(ReasonRefused)
			case 1, 2:
				w.connect(l)
			default:
				overSock(l)
			}
		}
		// A chain 0, 1, 2, 3 with a branch from 1 to 3. pushed counts sends.
		pushed := make(map[hop]uint64)
		to := [][]int{{1}, {2, 3}, {3}, nil}
		var switched [4]uint64
		for i := range 4 {
			w.node(i, func(n *Node, m *Msg) Verdict {
				switch m.Type() {
				case wire.TypeBrokenSource, wire.TypeSourceEnd, wire.TypeSessionEnd:
					n.Repair() // domino_test.go and session_test.go have what happens without
				}
				if m.Type() != wire.TypeData {
					return Done
				}
				checkPayload(t, m)
				if !m.From().IsZero() {
					switched[i]++
				}
				for _, d := range to[i] {
					pushed[hop{n.ID(), nodeID(d), 0}]++
					n.Send(m, nodeID(d))
				}
				return Done
			})
		}
		for app := uint32(1); app <= 2; app++ {
			w.nodes[0].AddSource(app, &numbered{w: w, rng: rng, app: app, limit: 60, size: size, burst: 6})
		}
		w.nodes[1].AddSource(3, &numbered{w: w, rng: rng, app: 3, limit: 60, size: size, burst: 6})
		sent := func(s Stats) uint64 { // by lanes that are listed, and by those that are forgotten
			msgs := s.Past.Out.Msgs
			for _, l := range s.Downstream {
				msgs += l.SentMsgs
			}
			return msgs
		}
		count := func() {
			for i, n := range w.nodes {
				s := n.Stats()
				got, want := sent(s)+s.Lost.OutMsgs, uint64(0)
				for _, l := range s.Downstream {
					got += uint64(l.QueuedMsgs) + uint64(l.Waiting)
				}
				for _, d := range to[i] {
					want += pushed[hop{n.ID(), nodeID(d), 0}]
				}
				if got != want {
					t.Fatalf("node %d sent %d messages and accounts for %d", i, want, got)
				}
			}
		}
		trouble := rapid.IntRange(0, 6).Draw(t, "troubles")
		for range trouble {
			w.wander(rng, rng.IntN(400), nil)
			count()
			switch live := w.nodes[rng.IntN(4)]; rng.IntN(6) {
			case 0:
				live.Stop()
			case 1:
				live.sw.Kill()
			case 2:
				live.sw.Call(func() { panic("oops") })
			default:
				if len(w.socks) > 0 {
					w.socks[rng.IntN(len(w.socks))].reset()
				}
			}
			w.check()
		}
		if !w.wander(rng, 1_000_000, nil) {
			t.Fatalf("the nodes are still busy")
		}
		count()
		// Over mem links nothing is in flight at the end: what left a node was
		// switched by the next, or the next has counted it.
		if len(w.socks) == 0 {
			out, in := uint64(0), uint64(0)
			for i, n := range w.nodes {
				out += sent(n.Stats())
				in += switched[i] + n.Stats().Lost.InMsgs
			}
			if out != in {
				t.Fatalf("the nodes were sent %d messages, and switched or lost %d", out, in)
			}
		}
	})
}

// TestPausesAreDrawn: nodes that are refused at the same moment do not dial again at the
// same moment, and how long they wait is what the configuration says.
func TestPausesAreDrawn(t *testing.T) {
	const nodes = 50
	for _, least := range []time.Duration{20 * time.Millisecond, 4 * time.Second} {
		w := newWorld(t, Config{RedialMin: least, RedialMax: 4 * least})
		w.dial = func(l *OutLane) { l.Fail(ReasonRefused) }
		for i := range nodes {
			w.node(i, nil)
		}
		w.settle()
		for _, pause := range []time.Duration{least, 2 * least, 4 * least, 4 * least} {
			begun := w.now
			var over []time.Duration
			for _, n := range w.nodes {
				n.sw.Call(func() { n.Send(n.NewMsg(wire.TypeData, 5, 0), nodeID(nodes)) })
				over = append(over, n.links[0].lanes[0].retryAt-begun)
			}
			w.settle()
			slices.Sort(over)
			if first, last := over[0], over[nodes-1]; first < pause/2 || first > pause*6/10 || last < pause*9/10 || last > pause {
				t.Errorf("pauses from %v to %v, want them spread over %v to %v", first, last, pause/2, pause)
			}
			if different := len(slices.Compact(over)); different < nodes-1 {
				t.Errorf("%d nodes have %d different pauses", nodes, different)
			}
			w.pass(5 * least)
		}
		w.close()
	}
}
