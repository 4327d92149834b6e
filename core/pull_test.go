package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// maker is a pull hook that makes messages with the next numbers, as many as it may.
type maker struct {
	n     *Node
	to    NodeID
	app   uint32
	size  int // of the payload
	burst int // messages a call
	may   int // messages still to be made
	next  uint64
	calls int
}

// maker registers a hook that may make any number of messages.
func (w *world) maker(n *Node, to int, app uint32) *maker {
	p := &maker{n: n, to: nodeID(to), app: app, size: 10, burst: 1, may: endless}
	n.Pull(p.to, app, p.make)
	return p
}

func (p *maker) make() bool {
	p.calls++
	for i := range p.burst {
		if p.may == 0 {
			return i > 0
		}
		p.may--
		m := p.n.NewMsg(wire.TypeData, p.app, p.size)
		m.SetSeq(p.next)
		p.next++
		p.n.Send(m, p.to)
	}
	return true
}

const tiny = wire.HeaderSize + 10 // a message of a maker

// A hook fills its lane's queue, is asked no more while that is full, and again for what
// leaves it: byte by byte, or run by run, since messages are counted so.
func TestPullWhileThereIsRoom(t *testing.T) {
	for _, c := range []struct {
		Config
		leaves int // messages at a time
	}{{Config{QueueMsgs: 3}, 3}, {Config{QueueBytes: 3 * tiny}, 1}, {Config{QueueMsgs: 3, Lanes: LaneShared}, 3}} {
		cfg := c.Config
		w := newWorld(t, cfg)
		ps := w.ports(0)
		n := w.node(0, nil)
		p := w.maker(n, 1, 5)
		w.run()
		port := ps.to(1, n.laneApp(5))
		for made := 3; made < 12; made += c.leaves {
			w.check()
			if p.calls != made || p.next != uint64(made) {
				t.Fatalf("%+v: %d messages in %d calls, want %d", cfg, p.next, p.calls, made)
			}
			w.run()
			n.WakePull(p.to, 5) // it is awake: no reason to ask it
			n.WakePull(p.to, 6)
			n.WakePull(nodeID(7), 5)
			w.run()
			for range c.leaves {
				if p.calls != made {
					t.Fatalf("%+v: asked for message %d before there was room", cfg, p.calls)
				}
				port.give(tiny)
				w.run()
			}
		}
		if l := n.Stats().Downstream[0]; l.Waiting != 0 || l.LostMsgs != 0 {
			t.Errorf("%+v: %d wait, %d lost", cfg, l.Waiting, l.LostMsgs)
		}
		p.may = 1000
		port.give(endless)
		w.run()
		w.check()
		if got := seqs(t, port.got); !slices.Equal(got, upto(1012)) {
			t.Errorf("%+v: %d messages arrived", cfg, len(got))
		}
		w.close()
	}
}

// laneApp is the application of the lane that carries one.
func (n *Node) laneApp(app uint32) uint32 {
	if n.shard.cfg.Lanes == LaneShared {
		return wire.SharedApp
	}
	return app
}

// One call of a hook is one turn of the loop, up to a slab: nothing else waits longer for
// it than for a source.
func TestPullTakesASlab(t *testing.T) {
	w := newWorld(t, Config{QueueBytes: 1 << 30, QueueMsgs: 1 << 30})
	defer w.close()
	w.ports(0)
	n := w.node(0, nil)
	p := w.maker(n, 1, 5)
	p.size = 1000
	w.settle()
	each := (w.pool.SlabSize() + wire.HeaderSize + 999) / (wire.HeaderSize + 1000)
	for turn := 1; turn <= 4; turn++ {
		w.sh.Inject()
		w.settle()
		w.check()
		if p.calls != turn*each || !w.sh.Sources() {
			t.Fatalf("%d messages after %d turns, want %d a turn", p.calls, turn, each)
		}
	}
}

// A hook that has nothing is not asked again before WakePull, and WakePull from within it
// counts.
func TestPullWakes(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	ps := w.ports(endless)
	n := w.node(0, nil)
	p := w.maker(n, 1, 5)
	p.may = 0
	for calls := 1; calls <= 3; calls++ {
		w.run()
		w.check()
		if p.calls != calls || len(n.Stats().Downstream) != 0 {
			t.Fatalf("asked %d times, want %d; %d lanes", p.calls, calls, len(n.Stats().Downstream))
		}
		n.WakePull(p.to, 5)
		n.WakePull(p.to, 5)
	}
	woken := 0
	n.Pull(p.to, 5, func() bool {
		if woken++; woken == 1 {
			n.WakePull(p.to, 5)
		}
		return false
	})
	w.run()
	if woken != 2 {
		t.Errorf("asked %d times, want 2", woken)
	}
	last := p.calls
	n.Pull(p.to, 5, p.make) // in place of the other
	p.may = 2
	w.run()
	if got := seqs(t, ps.to(1, 5).got); !slices.Equal(got, upto(2)) || p.calls != last+3 || woken != 2 {
		t.Errorf("sent %v in %d calls", got, p.calls-last)
	}
}

// Until its lane is open a hook is asked once. A lane that was refused is dialled again for
// it when the pause is over, with one message a dial, and a node that dials this one
// ends the pause.
func TestPullOpensItsLane(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	var lane *OutLane
	w.dial = func(l *OutLane) { lane = l }
	var j journal
	n := w.recorded(0, &j, nil)
	n.Pull(nodeID(1), 5, nil) // there is none
	p := w.maker(n, 1, 5)
	n.SetLaneQueue(p.to, 5, 4)
	w.pass(time.Hour)
	if p.calls != 1 || len(w.dials) != 1 {
		t.Fatalf("asked %d times, %d dials", p.calls, len(w.dials))
	}
	for dials := 2; dials < 8; dials++ {
		lane.Fail(ReasonRefused)
		for w.run(); lane.state == laneCooling && w.fireNext(w.now+time.Second); w.run() {
			w.check()
		}
		w.check()
		if p.calls != dials || len(w.dials) != dials || lane.msgs != 1 {
			t.Fatalf("asked %d times, %d dials, %d in the queue; want %d, %d, 1", p.calls, len(w.dials), lane.msgs, dials, dials)
		}
	}
	lane.Fail(ReasonRefused)
	w.run()
	before := w.now
	w.feeder(n, 1, 6) // the peer is up
	w.run()
	w.check()
	if len(w.dials) != 8 || w.now != before {
		t.Fatalf("%d dials at %v", len(w.dials), w.now-before)
	}
	port := &port{lane: lane}
	lane.Opened(port)
	w.run()
	w.check()
	if lane.msgs != 4 || p.calls != 11 {
		t.Errorf("%d messages in the queue after %d calls", lane.msgs, p.calls)
	}
	port.give(endless)
	p.may = 3
	w.run()
	if got := seqs(t, port.got); !slices.Equal(got, []uint64{7, 8, 9, 10, 11, 12, 13}) {
		t.Errorf("sent %v, want all but the 7 that were told as lost", got)
	}
	lost := uint64(0)
	for _, l := range j.take() {
		if strings.Contains(l, "/5 downstream") {
			var k uint64
			if _, err := fmt.Sscan(l[strings.LastIndex(l, " ")+1:], &k); err != nil {
				t.Fatal(err)
			}
			lost += k
		}
	}
	if lost != 7 {
		t.Errorf("%d told as lost, want 7", lost)
	}
}

// A hook outlives its lane: it goes on after a failure, after its session's lanes were
// closed, and with a new lane after the old one was forgotten, whose queue has the bound
// of the old one.
func TestPullOutlivesItsLane(t *testing.T) {
	w := newWorld(t, Config{IdleTimeout: time.Second, StallTimeout: 100 * time.Millisecond})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, nil)
	n.SetLaneQueue(nodeID(1), 5, 2)
	p := w.maker(n, 1, 5)
	p.may = 6
	w.run()
	first := ps.to(1, 5)
	first.lane.Fail(ReasonReset)
	w.pass(time.Second)
	w.check()
	if second := ps.to(1, 5); second == first || p.next != 4 || second.lane.msgs != 2 {
		t.Fatalf("after a failure: %d made, %d queued", p.next, second.lane.msgs)
	}
	n.sw.Call(func() { n.EndSession(5) }) // which closes the lane once it has run dry
	ps.room = endless
	ps.to(1, 5).give(tiny)
	w.run()
	w.check()
	if p.next != 4 {
		t.Fatalf("asked for message %d while its lane was closing", p.next)
	}
	ps.to(1, 5).give(endless)
	w.run()
	w.check()
	if got := seqs(t, ps.to(1, 5).got); !slices.Equal(got, []uint64{4, 5}) || len(w.dials) != 3 {
		t.Fatalf("after the end of a session: sent %v, %d dials", got, len(w.dials))
	}
	w.pass(time.Minute)
	if len(n.links) != 1 || len(n.links[0].lanes) != 0 || w.sh.Sources() {
		t.Fatalf("a lane at rest was not forgotten, or the link was")
	}
	ps.room = 0
	p.may = 6
	n.WakePull(p.to, 5)
	w.run()
	w.check()
	if l := ps.to(1, 5).lane; len(w.dials) != 4 || l.msgs != 2 || p.next != 8 {
		t.Errorf("with a new lane: %d dials, %d queued, %d made", len(w.dials), l.msgs, p.next)
	}
}

// What ends a hook: nil, CloseLink, the end of its node; also from within it. Nothing is
// kept for it then.
func TestPullEnds(t *testing.T) {
	ends := map[string]func(n *Node){
		"nil":       func(n *Node) { n.Pull(nodeID(1), 5, nil) },
		"CloseLink": func(n *Node) { n.CloseLink(nodeID(1)) },
		"Stop":      func(n *Node) { n.Stop() },
		"Kill":      func(n *Node) { n.sw.Kill() },
	}
	for name, end := range ends {
		for _, when := range []string{"before", "within", "cooling", "full"} {
			w := newWorld(t, Config{QueueMsgs: 2, IdleTimeout: time.Second})
			ps := w.ports(0)
			n := w.node(0, nil)
			p := w.maker(n, 1, 5)
			calls := 0
			switch when {
			case "within":
				n.Pull(p.to, 5, func() bool {
					calls++
					if p.make(); calls == 2 {
						end(n)
					}
					return true
				})
			case "cooling":
				w.run()
				ps.to(1, 5).lane.Fail(ReasonReset)
				w.run()
			case "full":
				w.run()
			}
			if when == "within" {
				w.run()
			} else {
				end(n)
			}
			calls = p.calls
			n.WakePull(p.to, 5)
			if port := ps.to(1, 5); port != nil {
				port.give(endless)
			}
			w.pass(time.Minute)
			w.check()
			if p.calls != calls || w.sh.Sources() {
				t.Errorf("%s, %s: asked %d times after its end", name, when, p.calls-calls)
			}
			if !n.Ended() && len(n.links) != 0 || len(n.pulls.pausing) != 0 {
				t.Errorf("%s, %s: %d links left", name, when, len(n.links))
			}
			if name == "Stop" || name == "Kill" {
				n.Pull(p.to, 5, p.make) // is nothing now
				w.pass(time.Second)
				if p.calls != calls || !n.Ended() {
					t.Errorf("%s, %s: asked %d times by a node that has ended", name, when, p.calls-calls)
				}
			}
			w.close()
		}
	}
}

// CloseLink of a lane that has failed forgets that link and no other.
func TestCloseLinkForgetsOne(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	ps := w.ports(endless)
	n := w.node(0, nil)
	n.sw.Call(func() {
		for i := 1; i <= 3; i++ {
			n.Send(n.NewMsg(wire.TypeData, 5, 1), nodeID(i))
		}
	})
	w.settle()
	ps.to(1, 5).lane.Fail(ReasonReset)
	n.CloseLink(nodeID(1))
	w.settle()
	if n.knownLink(nodeID(1)) != nil || n.knownLink(nodeID(2)) == nil || n.knownLink(nodeID(3)) == nil || len(n.links) != 2 {
		t.Errorf("%d links left of 2", len(n.links))
	}
}

// A hook is a switch's business with its node: it is asked once the node has started, from
// no call of the node, and what it does wrong ends the node and no other.
func TestPullIsCalledAlone(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 2})
	defer w.close()
	inside, calls := 0, 0
	a := &algo{}
	n := w.sh.NewNode(nodeID(0), a, Rand(1)).node
	w.nodes = append(w.nodes, n)
	w.node(1, nil)
	fn := func() bool {
		if calls++; inside > 0 || w.sh.cur != nil {
			t.Error("a hook is called from within Process")
		}
		n.Send(n.NewMsg(wire.TypeData, 5, 1), nodeID(1))
		return calls%10 != 0
	}
	a.do = func(m *Msg) Verdict {
		inside++
		n.Pull(nodeID(1), 5, fn)
		n.WakePull(nodeID(1), 5)
		n.Send(n.NewMsg(wire.TypeData, 5, 1), nodeID(1))
		n.SetLaneQueue(nodeID(1), 5, 3)
		inside--
		return Done
	}
	n.Pull(nodeID(1), 5, fn)
	w.run()
	if calls != 0 || len(w.dials) != 0 {
		t.Fatal("a node that has not started was asked")
	}
	n.sw.Start()
	w.feeder(n, 9, 5, w.messages(9, 5, 20, 10))
	w.run()
	w.check()
	if calls < 10 || calls%10 != 0 {
		t.Errorf("asked %d times", calls)
	}
}

func TestPullPanics(t *testing.T) {
	for want, fn := range map[string]func(n *Node) func() bool{
		"nothing of its was sent": func(*Node) func() bool { return func() bool { return true } },
		"oh":                      func(*Node) func() bool { return func() bool { panic("oh") } },
		"nothing": func(n *Node) func() bool { // to somebody else
			return func() bool { n.Send(n.NewMsg(wire.TypeData, 5, 1), nodeID(2)); return true }
		},
		"nothing of": func(n *Node) func() bool { // of another application
			return func() bool { n.Send(n.NewMsg(wire.TypeData, 6, 1), nodeID(1)); return true }
		},
	} {
		w := newWorld(t, Config{})
		w.ports(0)
		n, other := w.node(0, nil), w.node(3, nil)
		n.Pull(nodeID(1), 5, fn(n))
		p := w.maker(other, 1, 5)
		p.may = 4
		w.run()
		if c := w.crash(n); c == nil || !strings.Contains(fmt.Sprint(c.Value), want) {
			t.Errorf("want a panic with %q, got %+v", want, c)
		}
		if w.check(); other.Ended() || p.next != 4 {
			t.Errorf("the other node has sent %d of 4", p.next)
		}
		w.close()
	}
	w := newWorld(t, Config{})
	defer w.close()
	n := w.node(0, nil)
	for want, call := range map[string]func(){
		"application 0": func() { n.Pull(nodeID(1), 0, func() bool { return false }) },
		"zero NodeID":   func() { n.Pull(NodeID{}, 5, func() bool { return false }) },
	} {
		func() {
			defer func() {
				if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), want) {
					t.Errorf("want a panic with %q, got %v", want, v)
				}
			}()
			call()
		}()
	}
}

// count is how many of the port's messages each application has sent.
func count(t *testing.T, p *port) map[uint32]int {
	c := make(map[uint32]int)
	fs, _ := frames(t, p.got)
	for _, f := range fs {
		c[wire.App(f)]++
	}
	return c
}

// Hooks of a lane that applications share have equal parts of it, and so has a hook beside
// streams that are always ahead of it in the queue.
func TestPullShares(t *testing.T) {
	const msgs = 900
	w := newWorld(t, Config{QueueMsgs: 2, Quantum: tiny, Lanes: LaneShared, OverflowMsgs: 1})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, relay(1))
	for app := uint32(1); app <= 3; app++ {
		w.maker(n, 1, app)
	}
	take := func(each int) {
		for range msgs / each {
			w.run()
			w.check()
			ps.to(1, wire.SharedApp).give(each * tiny)
		}
		w.run()
	}
	take(2) // all that is in the queue, which is one run
	sent := count(t, ps.to(1, wire.SharedApp))
	for _, app := range []uint32{1, 2, 3} {
		got := sent[app]
		if got < msgs/3-2 || got > msgs/3+2 {
			t.Errorf("application %d has %d of %d messages", app, got, msgs)
		}
	}
	n.Pull(nodeID(1), 1, nil)
	n.Pull(nodeID(1), 2, nil)
	for app := uint32(7); app <= 8; app++ {
		f := w.feeder(n, int(app), app)
		f.more = func() Run { return w.makeRun(spec{sender: nodeID(int(app)), app: app, size: 10}) }
		f.feed()
	}
	for _, each := range []int{1, 2} {
		take(each)
		ps.to(1, wire.SharedApp).got = nil
		take(each)
		sent = count(t, ps.to(1, wire.SharedApp))
		// A hook's turn comes when the loop has nothing else to do, so what is taken at
		// once goes to the streams first.
		least := map[uint32]int{3: msgs * 3 / 10, 7: msgs * 3 / 10, 8: msgs * 3 / 10}
		if each > 1 {
			least[3] = msgs / 5
		}
		for _, app := range []uint32{3, 7, 8} {
			if sent[app] < least[app] {
				t.Errorf("beside streams, %d at a time, application %d has %d of %d messages", each, app, sent[app], msgs)
			}
		}
	}
	if l := n.Stats().Downstream[0]; l.LostMsgs != 0 {
		t.Errorf("%d messages lost", l.LostMsgs)
	}
}

// Beside one stream a hook has every second place, although a message of the stream waits
// whenever its turn comes.
func TestPullBesideOneStream(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1, Quantum: tiny, Lanes: LaneShared})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, relay(1))
	f := w.feeder(n, 7, 7)
	f.more = func() Run { return w.makeRun(spec{sender: nodeID(7), app: 7, size: 10}) }
	f.feed()
	w.settle()
	w.maker(n, 1, 3)
	for range 200 {
		w.run()
		w.check()
		ps.to(1, wire.SharedApp).give(tiny)
	}
	if sent := count(t, ps.to(1, wire.SharedApp)); sent[3] < 90 || sent[7] < 90 {
		t.Errorf("of 200 messages the hook has %d and the stream %d", sent[3], sent[7])
	}
}

// Those before whom a hook waited are gone when the lane fails, and it does not wait for
// their number again.
func TestPullForgetsItsPlace(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1, Lanes: LaneShared})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, relay(1))
	for app := uint32(7); app <= 8; app++ {
		w.feeder(n, int(app), app, w.messages(int(app), app, 9, 10))
	}
	w.settle()
	w.maker(n, 1, 5)
	w.run()
	p := n.links[0].pulls[0]
	if !p.inRow || p.ahead != 2 {
		t.Fatalf("the hook waits behind %d messages, want 2", p.ahead)
	}
	ps.to(1, wire.SharedApp).lane.Fail(ReasonReset)
	if p.inRow || p.ahead != 0 {
		t.Errorf("the hook waits behind %d messages of a queue that was emptied", p.ahead)
	}
	w.pass(time.Second)
	w.check()
}

// Any mix of hooks and streams, of slow sockets, failures, bounds and ends: a hook is
// asked exactly while there is room, nothing is lost but by failures, and what arrives is
// in order.
func TestPullProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, Config{QueueMsgs: rapid.IntRange(1, 6).Draw(t, "queue"), OverflowMsgs: rapid.IntRange(1, 4).Draw(t, "overflow"),
			Lanes: LaneMode(rapid.IntRange(0, 1).Draw(t, "mode")), IdleTimeout: time.Second, StallTimeout: time.Second})
		defer w.close()
		w.ports(0)
		open := w.dial
		w.dial = func(l *OutLane) {
			switch rapid.IntRange(0, 5).Draw(t, "dial") {
			case 0:
				l.Fail(ReasonRefused)
			case 1: // later
			default:
				open(l)
			}
		}
		n := w.node(0, relay(1, 2))
		ended := false
		var makers []*maker
		var feeders []*feeder
		lane := func() *OutLane {
			lk := n.knownLink(nodeID(rapid.IntRange(1, 2).Draw(t, "peer")))
			if lk == nil || len(lk.lanes) == 0 {
				return nil
			}
			return lk.lanes[rapid.IntRange(0, len(lk.lanes)-1).Draw(t, "lane")]
		}
		acts := map[string]func(){
			"pull": func() {
				p := w.maker(n, rapid.IntRange(1, 2).Draw(t, "to"), uint32(rapid.IntRange(1, 2).Draw(t, "app")))
				p.may, p.burst = rapid.IntRange(0, 20).Draw(t, "may"), 1
				makers = append(makers, p)
			},
			"end": func() {
				n.Pull(nodeID(rapid.IntRange(1, 2).Draw(t, "to")), uint32(rapid.IntRange(1, 2).Draw(t, "app")), nil)
			},
			"wake": func() {
				if len(makers) > 0 {
					p := makers[rapid.IntRange(0, len(makers)-1).Draw(t, "maker")]
					p.may += rapid.IntRange(0, 5).Draw(t, "more")
					n.WakePull(p.to, p.app)
				}
			},
			"stream": func() {
				if len(feeders) < 3 {
					f := w.feeder(n, 7+len(feeders), uint32(rapid.IntRange(1, 2).Draw(t, "app")))
					feeders = append(feeders, f)
				}
				f := feeders[rapid.IntRange(0, len(feeders)-1).Draw(t, "feeder")]
				f.give(w.messages(9, f.lane.app, rapid.IntRange(1, 9).Draw(t, "messages"), 10))
			},
			"take": func() {
				if l := lane(); l != nil && l.state == laneOpen {
					l.tr.(*port).give(rapid.IntRange(1, 6*tiny).Draw(t, "bytes"))
				}
			},
			"open": func() {
				if l := lane(); l != nil && l.state == laneDialling {
					open(l)
				}
			},
			"fail": func() {
				if l := lane(); l != nil {
					l.Fail(rapid.SampledFrom([]Reason{ReasonReset, ReasonClosed}).Draw(t, "why"))
				}
			},
			"bound": func() { n.SetLaneQueue(nodeID(1), 1, rapid.IntRange(0, n.shard.cfg.QueueMsgs).Draw(t, "bound")) },
			"close": func() { n.CloseLink(nodeID(1)) },
			"session": func() { // once: what the switch says of a session has no bound
				if !ended {
					ended = true
					n.sw.Call(func() { n.EndSession(1) })
				}
			},
			"pass":   func() { w.pass(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond) },
			"step":   func() { w.sh.Inject() },
			"settle": func() { w.run() },
		}
		names := make([]string, 0, len(acts))
		for name := range acts {
			names = append(names, name)
		}
		slices.Sort(names)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			acts[rapid.SampledFrom(names).Draw(t, "act")]()
			w.check()
			for _, lk := range n.links {
				for _, l := range lk.lanes {
					if l.state <= laneOpen && l.lossWhy == ReasonFull {
						t.Fatalf("the lane to %v has lost messages for want of room", l.peer)
					}
				}
			}
		}
		if c := w.crash(n); c != nil {
			t.Fatalf("%v\n%s", c.Value, c.Stack)
		}
	})
}

// In steady state a hook costs no allocation.
func TestPullAllocates(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("the tracing build records who holds what")
	}
	for _, cfg := range []Config{{}, {QueueMsgs: 5}} {
		w := newWorld(t, cfg)
		n := w.node(0, nil)
		w.node(1, nil)
		p := w.maker(n, 1, 5)
		p.may = 0
		w.run()
		round := func() {
			p.may += 200
			n.WakePull(p.to, 5)
			w.run()
		}
		for range 20 {
			round()
		}
		before := w.switched()
		if allocs := testing.AllocsPerRun(20, round); allocs != 0 || w.switched()-before != 21*200 {
			t.Errorf("%+v: %v allocations, %d messages", cfg, allocs, w.switched()-before)
		}
		w.close()
	}
}

// A wider bound has the hook asked at once, also of a node that had its hook before it
// began, and the next lane has it too.
func TestPullWiderQueue(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	ps := w.ports(0)
	n := w.sh.NewNode(nodeID(0), &algo{}, Rand(1)).node
	w.nodes = append(w.nodes, n)
	p := w.maker(n, 1, 5)
	n.SetLaneQueue(p.to, 5, 2)
	w.run() // and is taken off the list, since nobody asks a node that has not started
	n.sw.Start()
	w.run()
	n.SetLaneQueue(p.to, 5, 4)
	w.run()
	if w.check(); p.next != 4 {
		t.Fatalf("%d messages in a queue of 4", p.next)
	}
	ps.to(1, 5).lane.Fail(ReasonReset)
	ps.to(1, 5).lane.free()
	w.run()
	if w.check(); p.next != 8 || ps.to(1, 5).lane.msgs != 4 {
		t.Errorf("%d messages made, %d in the new lane's queue of 4", p.next, ps.to(1, 5).lane.msgs)
	}
}

// On an emulated link there is room when messages leave the queue for the link, long before
// any arrives: a hook is asked then, and the link is full of what was made late.
func TestPullFillsTheLink(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 2})
	defer w.close()
	ps := w.ports(endless)
	n := w.node(0, nil)
	n.SetLink(nodeID(1), emul.Link{Rate: 10 * tiny, Latency: 2 * time.Second}) // 10 messages a second, 20 in flight
	p := w.maker(n, 1, 5)
	for second := 1; second <= 2; second++ {
		w.pass(time.Second)
		w.check()
		if least := uint64(10*second) - 1; p.next < least || p.next > least+4 {
			t.Errorf("%d messages made in %d seconds, want 10 a second and the queue", p.next, second)
		}
		if second == 1 && len(ps.to(1, 5).got) != 0 {
			t.Error("messages have arrived")
		}
	}
	n.Pull(p.to, 5, nil)
	w.pass(time.Minute)
	if got := seqs(t, ps.to(1, 5).got); !slices.Equal(got, upto(int(p.next))) {
		t.Errorf("of %d messages %d arrived", p.next, len(got))
	}
}

// A hook that was left before its node started is asked when it has.
func TestPullBeforeTheStart(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 2})
	defer w.close()
	w.ports(0)
	n := w.sh.NewNode(nodeID(0), &algo{}, Rand(1)).node
	w.nodes = append(w.nodes, n)
	p := w.maker(n, 1, 5)
	w.run()
	if p.calls != 0 {
		t.Fatalf("asked %d times before the start", p.calls)
	}
	n.sw.Start()
	w.run()
	w.check()
	if p.calls == 0 {
		t.Error("never asked")
	}
}
