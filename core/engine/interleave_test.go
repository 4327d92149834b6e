//go:build interleave

package engine

import (
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/queue"
	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/interleave"
	"github.com/ioverlay/ioverlay/ring"
)

// Two real loops with a lane between them, run under every order of their steps. What is not real is the poller: a
// loop waits until its descriptor is readable or it has tasks, and then does what the poller would.

// preemptions bounds the search of each scene. What the guards prevent shows with one.
var preemptions = flag.Int("preemptions", 2, "most preemptions in a schedule; 0 for all schedules there are, which takes minutes")

// steppedLoop is a loop as a thread of the controlled scheduler, and its queue of tasks.
type steppedLoop struct {
	*loop
	queue []queue.Func
	runs  int // of the pipes that it opens
}

// newSteppedLoop makes what of a loop is needed without sockets and timers.
func newSteppedLoop(e *Engine, index int, s scene) *steppedLoop {
	sl := &steppedLoop{runs: s.runs}
	sl.loop = &loop{eng: e, index: index, inbox: ring.NewMPSC[note](max(1, s.inbox)), tasks: sl}
	sl.shard = core.NewShard(sl, e.pool, e.opt.Core)
	sl.strict.loop = sl.loop
	if err := sl.wake.open(); err != nil {
		panic(err)
	}
	return sl
}

func (s *steppedLoop) close() {
	s.shard.Close()
	if err := s.wake.close(); err != nil {
		panic(err)
	}
}

// SetTimer implements core.Runtime: no timer is ever due.
func (s *steppedLoop) SetTimer(*core.Switch, time.Duration, uint64) {}

// StopTimer implements core.Runtime.
func (s *steppedLoop) StopTimer(*core.Switch, uint64) {}

// Ended implements core.Runtime.
func (s *steppedLoop) Ended(c *core.Switch, crash *core.Crash) {
	if crash != nil {
		panic(crash.Value)
	}
	n := s.eng.lookup(c.ID())
	s.eng.forget(n)
	close(n.done)
}

// Trigger implements tasks.
func (s *steppedLoop) Trigger(_ queue.EventPriority, fn queue.Func, _ any) error {
	interleave.Writes(&s.wake)
	s.queue = append(s.queue, fn)
	return nil
}

// Dial implements core.Runtime with small pipes.
func (s *steppedLoop) Dial(l *core.OutLane) {
	if n := s.eng.lookup(l.Peer()); n != nil && n.loop != s.loop {
		s.openPipe(l, n, s.runs)
		return
	}
	s.loop.Dial(l)
}

// readable asks the system whether the loop's descriptor would end a poll.
func (s *steppedLoop) readable() bool {
	fds := []unix.PollFd{{Fd: int32(s.wake.fd()), Events: unix.POLLIN}}
	for {
		switch n, err := unix.Poll(fds, 0); {
		case err == nil:
			return n > 0
		case !errors.Is(err, unix.EINTR):
			panic(err)
		}
	}
}

func (s *steppedLoop) awake() bool { return len(s.queue) > 0 || s.readable() }

// run is the loop's thread, for so many turns, or until it waits for ever if turns is 0.
func (s *steppedLoop) run(turns int) {
	for n := 1; interleave.Wait(&s.wake, s.awake); n++ {
		s.poll()
		if n == turns {
			return
		}
	}
}

// poll is one turn of the poller: descriptors first, then the tasks that were there.
func (s *steppedLoop) poll() {
	todo := s.queue
	s.queue = nil
	if s.readable() {
		(*wakeHandler)(s.loop).ready(0)
	}
	for _, fn := range todo {
		if err := fn(nil); err != nil {
			panic(err)
		}
	}
}

// asleep says what a loop that waits for ever should not have left undone.
func (s *steppedLoop) asleep() error {
	switch {
	case s.shard.Ready():
		return fmt.Errorf("loop %d sleeps with nodes to serve", s.index)
	case s.shard.Unflushed():
		return fmt.Errorf("loop %d sleeps with lanes to flush", s.index)
	case s.inbox.Len() > 0:
		return fmt.Errorf("loop %d sleeps with %d notes in its inbox", s.index, s.inbox.Len())
	case s.raised.Load():
		return fmt.Errorf("loop %d sleeps and says that it has been woken", s.index)
	}
	return nil
}

// bridge is a node that sends what it is posted to a node of another loop, and what came of it.
type bridge struct {
	pool     *bufpool.Pool
	loops    [2]*steppedLoop
	from, to *Node
	accepted uint64   // posts that were taken
	got      []uint64 // sequence numbers that arrived
	held     func()   // lets go of what the receiver holds; nil if nothing
}

// scene is what happens on a bridge.
type scene struct {
	name       string
	queueBytes int // of the sender's queue and the pipe; 0 is the default
	runs       int // of the pipe
	inbox      int // notes that an inbox takes; 0 for 1, with which most are handed over as tasks
	ahead      int // messages that the sender has put into the pipe and the receiver has not looked at
	before     int // messages that have been posted to the sender and it has not looked at
	dial       bool
	turns      int                      // that each loop takes under the controlled scheduler; the rest is run by turns. 0 for all
	posts      []int                    // messages that others post meanwhile, each from a thread of its own
	then       func(b *bridge) []func() // more threads
	ends       bool                     // nodes end: what does not arrive must be counted
}

func newBridge(s scene, pool *bufpool.Pool) *bridge {
	opt, err := Options{Links: Mem, Loops: 2, Seed: 1,
		Core: core.Config{QueueBytes: s.queueBytes, FailTimeout: time.Hour, StallTimeout: time.Hour}}.withDefaults()
	if err != nil {
		panic(err)
	}
	clock, _, err := startClock(0)
	if err != nil {
		panic(err)
	}
	e := &Engine{opt: opt, pool: pool, clock: clock, nodes: make(map[core.NodeID]*Node)}
	b := &bridge{pool: pool}
	for i := range b.loops {
		b.loops[i] = newSteppedLoop(e, i, s)
		e.loops = append(e.loops, b.loops[i].loop)
	}
	b.to = b.add(e, 1, script(func(_ *core.Node, m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeData {
			b.got = append(b.got, m.Seq())
		}
		return core.Done
	}))
	b.from = b.add(e, 0, script(func(n *core.Node, m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeData {
			n.Send(m, b.to.ID())
			n.NewMsg(wire.TypeData, 1, 0) // is not sent, and keeps the next message from being of the same run
		}
		return core.Done
	}))
	b.settle()
	return b
}

func (b *bridge) add(e *Engine, loop int, alg core.Algorithm) *Node {
	n, err := e.reserve(NodeOptions{Loop: OnLoop(loop)})
	if err == nil {
		err = n.start(alg, emul.Bandwidth{})
	}
	if err != nil {
		panic(err)
	}
	n.loop.turn()
	return n
}

// settle runs the loops by turns until both sleep, outside of any schedule.
func (b *bridge) settle() {
	for b.loops[0].awake() || b.loops[1].awake() {
		for _, lp := range b.loops {
			lp.poll()
		}
	}
}

// post posts n messages; the receiver expects their numbers in order, so only one thread may.
func (b *bridge) post(n int) {
	for range n {
		switch r := b.from.Post(wire.TypeData, 1, b.accepted+1, []byte("x")); r {
		case ring.OK:
			b.accepted++
		case ring.Closed: // the node has ended
		default:
			panic(fmt.Sprintf("a post to an inbox with room returned %v", r))
		}
	}
}

// check says what is wrong once nobody has anything to do.
func (b *bridge) check(s scene) error {
	if s.turns > 0 {
		b.settle()
	}
	for _, lp := range b.loops {
		if err := lp.asleep(); err != nil {
			return err
		}
	}
	for i, seq := range b.got {
		if seq != uint64(i+1) {
			return fmt.Errorf("message %d came as number %d", seq, i+1)
		}
	}
	from, to := b.from.core.Stats(), b.to.core.Stats()
	if !s.ends {
		if n := uint64(len(b.got)); n != b.accepted {
			return fmt.Errorf("both loops sleep and %d of %d messages have arrived: %+v %+v", n, b.accepted, from, to)
		}
		return nil
	}
	for _, n := range []*Node{b.from, b.to} {
		select {
		case <-n.done:
		default:
			if n.core.Node().Running() {
				continue
			}
			return fmt.Errorf("node %v was stopped and has not ended", n.ID())
		}
	}
	return b.books(from, to)
}

// books compares what the nodes say was sent with what arrived and what they counted as lost.
func (b *bridge) books(from, to core.Stats) error {
	var sent uint64
	for _, l := range from.Downstream {
		sent += l.SentMsgs + l.LostMsgs + uint64(l.QueuedMsgs)
		if l.QueuedMsgs+l.Waiting > 0 {
			return fmt.Errorf("%d messages wait at the sender", l.QueuedMsgs+l.Waiting)
		}
	}
	if got := uint64(len(b.got)); got+from.Lost.OutMsgs+to.Lost.InMsgs != sent {
		return fmt.Errorf("of %d messages %d have arrived, %d were lost by the sender and %d by the receiver",
			sent, got, from.Lost.OutMsgs, to.Lost.InMsgs)
	}
	return nil
}

// close ends what is left and lets go of it all.
func (b *bridge) close() {
	b.from.core.Kill()
	b.to.core.Kill()
	b.settle()
	for _, lp := range b.loops {
		lp.close()
	}
	if n := b.pool.Held(); n != 0 {
		panic(errors.New(fmt.Sprint("slabs never released: ", n)))
	}
}

// program makes the threads of a scene.
func (s scene) program(pool *bufpool.Pool) interleave.Program {
	b := newBridge(s, pool)
	if !s.dial {
		b.post(1)
		b.settle()
	}
	b.post(s.ahead)
	for s.ahead > 0 && b.loops[0].awake() {
		b.loops[0].poll()
	}
	b.post(s.before)
	p := interleave.Program{
		Threads: []func(){func() { b.loops[0].run(s.turns) }, func() { b.loops[1].run(s.turns) }},
		Check:   func() error { return b.check(s) },
		Close:   b.close,
	}
	for _, n := range s.posts {
		p.Threads = append(p.Threads, func() { b.post(n) })
	}
	if s.then != nil {
		p.Threads = append(p.Threads, s.then(b)...)
	}
	return p
}

// on is a thread that runs fn on a node's loop at any time.
func on(n *Node, fn func(c *core.Node)) func() { return func() { n.async(fn) } }

// disturbTo posts the receiver something else, so that its inbox has no room for a note of the pipe.
func disturbTo(b *bridge) []func() {
	return []func(){func() {
		if r := b.to.Post(wire.TypeData+1, 2, 1, nil); r != ring.OK && r != ring.Full {
			panic(fmt.Sprintf("a post returned %v", r))
		}
	}}
}

func stopFrom(b *bridge) []func() { return []func(){on(b.from, (*core.Node).Stop)} }
func stopTo(b *bridge) []func()   { return []func(){on(b.to, (*core.Node).Stop)} }
func killFrom(b *bridge) []func() { return []func(){func() { b.from.loop.post(b.from.core.Kill) }} }
func killTo(b *bridge) []func()   { return []func(){func() { b.to.loop.post(b.to.core.Kill) }} }

// Nobody sleeps while there is work for it, nothing is lost, and every wake-up is answered, whatever the order.
func TestInterleaveLoops(t *testing.T) {
	const few = 1 // bytes: one message fills the queue, and the pipe
	for _, s := range []scene{
		{name: "dial", runs: 1, inbox: 4, before: 1, dial: true},
		{name: "posted", runs: 4, inbox: 4, posts: []int{1}},
		{name: "posted one after another", runs: 4, inbox: 4, posts: []int{2}},
		{name: "full by bytes", queueBytes: few, runs: 4, inbox: 4, ahead: 1, before: 1},
		{name: "full by runs", runs: 1, inbox: 4, ahead: 1, before: 1},
		{name: "becomes full by bytes", queueBytes: few + wire.HeaderSize + 1, runs: 4, inbox: 4, ahead: 1, before: 2, turns: 1},
		{name: "becomes full by runs", runs: 2, inbox: 4, ahead: 1, before: 2, turns: 1},
		{name: "full again and again", runs: 1, inbox: 4, before: 2},
		{name: "full inbox", runs: 1, before: 1, then: disturbTo},
		{name: "stop the sender", runs: 1, inbox: 4, before: 1, then: stopFrom, ends: true},
		{name: "stop the receiver", runs: 1, inbox: 4, ahead: 1, before: 1, then: stopTo, ends: true},
		{name: "kill the sender", runs: 1, inbox: 4, before: 1, then: killFrom, ends: true},
		{name: "kill the receiver", runs: 1, inbox: 4, ahead: 1, before: 1, then: killTo, ends: true},
	} {
		t.Run(s.name, func(t *testing.T) {
			pool := bufpool.New(bufpool.Options{})
			r := interleave.Explore(func() interleave.Program { return s.program(pool) },
				interleave.Limits{Preemptions: *preemptions, Grain: interleave.Whole})
			t.Log(r)
			if r.Failure != nil || *preemptions == 0 && !r.Complete {
				t.Error(r.Failure)
			}
		})
	}
}
