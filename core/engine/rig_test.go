package engine

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// patience is how long a condition may take before the test counts as hung. It
// is no assertion on speed: whatever takes this long will never happen.
const patience = 30 * time.Second

// overShm runs every test with rings in place of TCP links.
var overShm = flag.Bool("shm", false, "links of all tests go through shared memory, where they are not told otherwise")

// testEngine is an engine that is closed when its test ends, and must then have
// left nothing behind: no goroutine, no descriptor, no slab.
type testEngine struct {
	*Engine
	log *logbook
}

func newEngine(t testing.TB, o Options) *testEngine {
	t.Helper()
	watchForLeaks(t)
	book := &logbook{}
	o.Log = slog.New(slog.NewTextHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if *overShm && o.Links == TCP {
		o.Links = Shm
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	e.ringsWithin = o.Links == Shm
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(report(e))
		}
		e.Close()
		slabtest.Check(t, e.Pool())
		for _, lp := range e.loops {
			if lp.reservePool != nil {
				slabtest.Check(t, lp.reservePool)
			}
		}
		if t.Failed() {
			t.Logf("the engine's log:\n%s", book.tail(20))
		}
	})
	return &testEngine{Engine: e, log: book}
}

// report is what some nodes say of themselves.
func report(e *Engine) string {
	var b strings.Builder
	for i, n := range e.Nodes() {
		if i == 10 {
			break
		}
		s, err := n.Stats()
		fmt.Fprintf(&b, "%v on loop %d: %+v %v\n", n.ID(), n.Loop(), s, err)
	}
	fmt.Fprintf(&b, "pool %+v\n", e.pool.Stats())
	for _, lp := range e.loops {
		_ = lp.do(func() {
			fmt.Fprintf(&b, "loop %d: %d starved, reserve held by %p, waits for %d\n", lp.index, len(lp.starved), lp.reserveHolder, lp.strict.waiting)
			for _, h := range lp.fds {
				if c, ok := h.(*tcpIn); ok && c.framer.Buffered() > 0 && b.Len() < 1<<14 {
					fmt.Fprintf(&b, "%p: %d bytes into a message, watch %d, lane %v\n", c, c.framer.Buffered(), c.watch, c.lane != nil)
				}
			}
		})
	}
	return b.String()
}

// watchForLeaks compares goroutines and descriptors when the test has ended with
// what there was when it began. Clean-ups run last in, first out, so what is
// registered after this has been closed by then.
func watchForLeaks(t testing.TB) {
	t.Helper()
	before, rings := descriptors(), mappedRings()
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		goleak.VerifyNone(t, ignore)
		if after := descriptors(); len(after) > len(before) {
			t.Errorf("%d descriptors before the test, %d after it:\n%s", len(before), len(after), news(before, after))
		}
		if n := mappedRings(); n > rings {
			t.Errorf("%d rings mapped before the test, %d after it", rings, n)
		}
	})
}

// mappedRings counts the mappings of rings; none on systems that do not tell.
func mappedRings() int {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return 0
	}
	return bytes.Count(maps, []byte("memfd:ioverlay-ring"))
}

// descriptors are the open ones of this process and what they lead to; none on
// systems that do not tell.
func descriptors() map[string]string {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	fds := make(map[string]string, len(entries))
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			fds[e.Name()] = to
		}
	}
	return fds
}

func news(before, after map[string]string) string {
	var b strings.Builder
	for fd, to := range after {
		if before[fd] != to {
			fmt.Fprintf(&b, "%s -> %s\n", fd, to)
		}
	}
	return b.String()
}

// logbook keeps what an engine has logged. It is safe for concurrent use.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// count is the number of lines that have all the words.
func (l *logbook) count(words ...string) int {
	n := 0
	for line := range strings.Lines(l.String()) {
		n++
		for _, w := range words {
			if !strings.Contains(line, w) {
				n--
				break
			}
		}
	}
	return n
}

func (l *logbook) tail(lines int) string {
	all := strings.SplitAfter(l.String(), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "")
}

// eventually waits for a condition. Between two looks it lets others run.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	hung := time.NewTimer(patience)
	defer hung.Stop()
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for !cond() {
		select {
		case <-pace.C:
		case <-hung.C:
			t.Fatalf("hung: %s", what)
		}
	}
}

// receive waits for a value.
func receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("hung: %s", what)
		panic("not reached")
	}
}

// gauge is a checking sink whose count anyone may read.
type gauge struct {
	apps.Checker
	n atomic.Uint64
}

func (g *gauge) Consume(n *core.Node, m *core.Msg) {
	g.Checker.Consume(n, m)
	g.n.Add(1)
}

// probe is a relay that tells the test of its node's link events, and keeps the lanes of
// sessions that have ended, for what happens to them next.
type probe struct {
	*relay.Relay
	events chan linkEvent
}

type linkEvent struct {
	typ core.Type
	core.LinkEvent
}

func newProbe(sink core.Sink, downstreams ...core.NodeID) *probe {
	return &probe{Relay: relay.New(sink, downstreams...), events: make(chan linkEvent, 1<<14)}
}

func (p *probe) Process(m *core.Msg) core.Verdict {
	switch t := m.Type(); t {
	case wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeSendFailed, wire.TypeSourceEnd:
		p.events <- linkEvent{t, m.Link()}
	}
	if t := m.Type(); t == wire.TypeSourceEnd || t == wire.TypeSessionEnd {
		p.Repair()
	}
	return p.Relay.Process(m)
}

// await waits for an event that fits and returns it.
func (p *probe) await(t testing.TB, what string, fits func(linkEvent) bool) linkEvent {
	t.Helper()
	hung := time.After(patience)
	for {
		select {
		case e := <-p.events:
			if fits(e) {
				return e
			}
		case <-hung:
			t.Fatalf("hung: %s", what)
		}
	}
}

// down is a predicate for await.
func down(d core.Direction, why core.Reason) func(linkEvent) bool {
	return func(e linkEvent) bool {
		return e.typ == wire.TypeLinkDown && e.Direction == d && e.Reason == why
	}
}

// up is a predicate for await.
func up(d core.Direction) func(linkEvent) bool {
	return func(e linkEvent) bool { return e.typ == wire.TypeLinkUp && e.Direction == d }
}

// scripted is an algorithm that is one function.
type scripted struct {
	node    *core.Node
	process func(n *core.Node, m *core.Msg) core.Verdict
}

func script(process func(n *core.Node, m *core.Msg) core.Verdict) *scripted {
	return &scripted{process: process}
}

func (s *scripted) Bind(n *core.Node) { s.node = n }

func (s *scripted) Process(m *core.Msg) core.Verdict { return s.process(s.node, m) }

// byApp sends the data of each application to a node of its own.
func byApp(to map[uint32]core.NodeID) *scripted {
	return script(func(c *core.Node, m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeData {
			c.Send(m, to[m.App()])
		}
		return core.Done
	})
}

// ownHost is a loopback address of this process's own, with port 0, where a system
// has more than one such address. So no outgoing connection takes a port of it
// meanwhile, and whoever dials a port that a test has given up does not reach the
// tests of another process.
var ownHost = func() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1:0"
	}
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:0", 1+pid>>14&0x7f, pid>>7&0x7f, 1+pid&0x7f)
}()

// add starts a node, on a loop if one is named.
func (e *testEngine) add(t testing.TB, alg core.Algorithm, o NodeOptions) *Node {
	t.Helper()
	if e.opt.Links != Mem && o.Listen == "" {
		o.Listen = ownHost
	}
	n, err := e.AddNode(alg, o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// row starts nodes that are linked in a row and ends in the sink, and returns
// them from the first to the last. Neighbours are on different loops.
func (e *testEngine) row(t testing.TB, length int, sink core.Sink) []*Node {
	t.Helper()
	nodes := make([]*Node, length)
	next := relay.New(sink)
	for i := length - 1; i >= 0; i-- {
		nodes[i] = e.add(t, next, NodeOptions{Loop: OnLoop(i % e.Loops())})
		next = relay.New(nil, nodes[i].ID())
	}
	return nodes
}

// scaled is n, or a tenth of it in the tracing build, which records who holds what
// and is slow.
func scaled[N ~int | ~uint64](n N) N {
	if bufpool.Tracing {
		return max(1, n/10)
	}
	return n
}

// do runs fn on a node.
func do(t testing.TB, n *Node, fn func(c *core.Node)) {
	t.Helper()
	if err := n.Do(fn); err != nil {
		t.Fatalf("on node %v: %v", n.ID(), err)
	}
}

// send starts a back-to-back source at a node.
func send(t testing.TB, n *Node, s apps.Stream) *apps.BackToBack {
	t.Helper()
	src := apps.NewBackToBack(s)
	do(t, n, func(c *core.Node) { c.AddSource(s.App, src) })
	return src
}

// stats is a node's snapshot.
func stats(t testing.TB, n *Node) core.Stats {
	t.Helper()
	s, err := n.Stats()
	if err != nil {
		t.Fatalf("stats of node %v: %v", n.ID(), err)
	}
	return s
}

// verify checks that a sink has got exactly want messages of a session, each
// once, in order and whole.
func verify(t testing.TB, at *Node, g *gauge, from core.NodeID, app uint32, want uint64) {
	t.Helper()
	var got apps.Tally
	if err := at.loop.do(func() { got = g.Session(from, app) }); err != nil {
		t.Fatal(err)
	}
	if got.Messages != want || got.Lost != 0 || got.OutOfOrder != 0 || got.Corrupt != 0 {
		t.Errorf("application %d from %v: %+v; want %d messages, in order and whole", app, from, got, want)
	}
}

// world is a way to link nodes.
type world struct {
	links Links
	loops int
}

func (w world) String() string { return fmt.Sprintf("%v-%dloops", w.links, w.loops) }

func (w world) options() Options { return Options{Links: w.links, Loops: w.loops} }

// inWorlds runs a test with each kind of link, on one loop and across two.
func inWorlds(t *testing.T, test func(t *testing.T, w world)) {
	for _, w := range []world{{TCP, 1}, {TCP, 2}, {Mem, 1}, {Mem, 2}, {Shm, 1}, {Shm, 2}} {
		t.Run(w.String(), func(t *testing.T) { test(t, w) })
	}
}

// countEvents counts how often the poller of a node's loop reports a descriptor
// of the kind asked for. It changes the handlers, not the loop.
func countEvents(t testing.TB, n *Node, kind func(handler) bool) (count func() int) {
	t.Helper()
	var events atomic.Int64
	do(t, n, func(*core.Node) {
		for fd, h := range n.loop.fds {
			if h != nil && kind(h) {
				n.loop.fds[fd] = counted{h, &events}
			}
		}
	})
	return func() int { return int(events.Load()) }
}

type counted struct {
	handler
	events *atomic.Int64
}

func (c counted) ready(ev netpoll.IOEvent) {
	c.events.Add(1)
	c.handler.ready(ev)
}
