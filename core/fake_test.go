package core

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// tb is what the helpers need of a test; *testing.T, *testing.B and *rapid.T have it.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// world is a Runtime in the hands of a test: virtual time, and links as dial says.
type world struct {
	t       tb
	sh      *Shard
	pool    *bufpool.Pool
	now     time.Duration
	timers  []fakeTimer
	nodes   []*Node
	socks   []*sock
	dials   []*OutLane // every call of Dial
	warns   []error
	graph   WaitGraph
	circles []Circle
	ends    map[*Node][]*Crash // one entry for every call of Ended
	dial    func(l *OutLane)   // answers Dial; connect unless the test says otherwise
	kick    func()             // moves slow transports on, if there are any
}

type fakeTimer struct {
	at   time.Duration
	node *Node
	id   uint64
}

func newWorld(t tb, cfg Config) *world {
	return newWorldIn(t, cfg, slabtest.Shared(bufpool.Options{}))
}

func newWorldIn(t tb, cfg Config, pool *bufpool.Pool) *world {
	if cfg.IdleTimeout == 0 {
		cfg.IdleTimeout = NeverIdle // aging_test.go has what happens else
	}
	w := &world{t: t, pool: pool, ends: make(map[*Node][]*Crash)}
	w.sh = NewShard(w, w.pool, cfg)
	w.dial = w.connect
	return w
}

// close kills what still runs and checks that no slab is held.
func (w *world) close() {
	w.t.Helper()
	for _, n := range w.nodes {
		if !n.Ended() {
			n.sw.Kill()
		}
	}
	for _, s := range w.socks {
		s.framer.Close()
		s.stage.Close()
	}
	w.sh.Close()
	slabtest.Check(w.t, w.pool)
	for n, ends := range w.ends {
		if len(ends) > 1 {
			w.t.Errorf("node %v ended %d times", n.id, len(ends))
		}
	}
}

func (w *world) Now() time.Duration { return w.now }

func (w *world) SetTimer(n *Switch, at time.Duration, id uint64) {
	w.StopTimer(n, id)
	w.timers = append(w.timers, fakeTimer{at, n.node, id})
}

func (w *world) StopTimer(n *Switch, id uint64) {
	w.timers = slices.DeleteFunc(w.timers, func(t fakeTimer) bool { return t.node == n.node && t.id == id })
}

func (w *world) Dial(l *OutLane) {
	w.dials = append(w.dials, l)
	w.dial(l)
}

func (w *world) Waits(n *Switch, waits []Wait) {
	for _, c := range w.graph.Update(n.id, waits) {
		w.circles = append(w.circles, c)
		for _, n := range w.nodes {
			n.sw.TellDeadlock(c)
		}
	}
}

func (w *world) Warn(_ *Switch, _ *InLane, err error) { w.warns = append(w.warns, err) }

func (w *world) Ended(n *Switch, c *Crash) {
	w.ends[n.node] = append(w.ends[n.node], c)
	w.timers = slices.DeleteFunc(w.timers, func(t fakeTimer) bool { return t.node == n.node })
}

// connect opens a lane to the running node of that ID, in the same step.
func (w *world) connect(l *OutLane) {
	if n := w.find(l.Peer()); n != nil {
		Connect(l, &n.sw)
	} else {
		l.Fail(ReasonRefused)
	}
}

func (w *world) find(id NodeID) *Node {
	for _, n := range w.nodes {
		if n.id == id && n.Running() {
			return n
		}
	}
	return nil
}

// crash is the panic that ended a node, nil if none did.
func (w *world) crash(n *Node) *Crash {
	if ends := w.ends[n]; len(ends) > 0 {
		return ends[0]
	}
	return nil
}

func nodeID(i int) NodeID {
	return NodeIDFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 7000))
}

// algo is an algorithm in one function.
type algo struct {
	*Node
	do func(m *Msg) Verdict
}

func (a *algo) Bind(n *Node) { a.Node = n }

func (a *algo) Process(m *Msg) Verdict {
	if a.do == nil {
		return Done
	}
	return a.do(m)
}

// node adds a running node.
func (w *world) node(i int, do func(n *Node, m *Msg) Verdict) *Node {
	a := &algo{}
	if do != nil {
		a.do = func(m *Msg) Verdict { return do(a.Node, m) }
	}
	n := w.sh.NewNode(nodeID(i), a, Rand(uint64(i))).node
	n.sw.Start()
	w.nodes = append(w.nodes, n)
	return n
}

// relay is an algorithm that forwards data to fixed nodes.
func relay(dests ...int) func(n *Node, m *Msg) Verdict {
	ids := make([]NodeID, len(dests))
	for i, d := range dests {
		ids[i] = nodeID(d)
	}
	return func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeData {
			for _, id := range ids {
				n.Send(m, id)
			}
		}
		return Done
	}
}

// settle serves until nothing is ready any more. Time stands still.
func (w *world) settle() {
	w.t.Helper()
	for range 10_000_000 {
		if w.sh.ServeNext() {
			continue
		}
		if !w.sh.Unflushed() {
			return
		}
		w.sh.Flush()
	}
	w.t.Fatalf("the shard never comes to rest")
}

// run settles, and asks the sources, until neither has anything more.
func (w *world) run() {
	w.t.Helper()
	for range 1_000_000 {
		w.settle()
		if !w.sh.Sources() {
			return
		}
		w.sh.Inject()
	}
	w.t.Fatalf("the sources never end")
}

// pass moves time on, firing timers on the way in the order of their times.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	until := w.now + d
	for {
		w.run()
		if !w.fireNext(until) {
			break
		}
	}
	w.now = until
}

// fireNext fires the earliest timer if it is due by until.
func (w *world) fireNext(until time.Duration) bool {
	first := -1
	for i, t := range w.timers {
		if t.at <= until && (first < 0 || t.at < w.timers[first].at) {
			first = i
		}
	}
	if first < 0 {
		return false
	}
	t := w.timers[first]
	w.timers = slices.Delete(w.timers, first, first+1)
	w.now = max(w.now, t.at)
	t.node.sw.Fire(t.id)
	return true
}

// spec describes a message.
type spec struct {
	typ    Type // 0 means data
	sender NodeID
	app    uint32
	seq    uint64
	size   int // of the payload
}

// fill makes a payload that says what message it belongs to.
func fill(p []byte, s spec) {
	rng := rand.New(rand.NewPCG(s.seq, uint64(s.app)<<16|uint64(s.sender.Port())))
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
}

// checkPayload fails unless the bytes are those of fill.
func checkPayload(t tb, m *Msg) {
	t.Helper()
	want := make([]byte, len(m.Payload()))
	fill(want, spec{sender: m.Sender(), app: m.App(), seq: m.Seq()})
	if !slices.Equal(want, m.Payload()) {
		t.Fatalf("message %d of application %d arrived with other bytes", m.Seq(), m.App())
	}
}

// makeRun lays messages out in a slab of its own.
func (w *world) makeRun(specs ...spec) Run {
	total := 0
	for _, s := range specs {
		total += wire.HeaderLen(s.sender) + s.size
	}
	slab, err := w.pool.GetSize(total)
	if err != nil {
		w.t.Fatalf("no slab for a run: %v", err)
	}
	b := slab.Bytes()
	for _, s := range specs {
		if s.typ == 0 {
			s.typ = wire.TypeData
		}
		wire.PutHeader(b, wire.Header{Type: s.typ, Sender: s.sender, App: s.app, Seq: s.seq, Size: s.size})
		n := wire.HeaderLen(s.sender) + s.size
		fill(wire.Payload(b[:n]), s)
		b = b[n:]
	}
	return Run{Slab: slab, Len: uint32(total), Msgs: uint32(len(specs))}
}

// feeder is an upstream that exists only as its lane: it gives it run after run.
type feeder struct {
	lane   *InLane
	next   []Run
	more   func() Run // asked when next is empty; may be nil
	closed []CloseHow
	rest   Tally // what it still had when the lane closed
}

// feeder opens a lane to a node.
func (w *world) feeder(n *Node, from int, app uint32, runs ...Run) *feeder {
	f := &feeder{next: runs}
	f.lane = n.sw.Accept(nodeID(from), app, f)
	f.feed()
	return f
}

func (f *feeder) feed() bool {
	if len(f.next) == 0 && f.more != nil {
		f.next = append(f.next, f.more())
	}
	if len(f.next) == 0 || f.lane == nil || f.lane.Closed() {
		return false
	}
	r := f.next[0]
	f.next = f.next[1:]
	f.lane.Feed(r)
	return true
}

// give adds runs for the lane.
func (f *feeder) give(runs ...Run) {
	f.next = append(f.next, runs...)
	if !f.lane.Busy() {
		f.feed()
	}
}

func (f *feeder) Drained(l *InLane) bool {
	if r := l.TakeRest(); r.Slab != nil {
		r.Slab.Release()
	}
	return f.feed()
}

func (f *feeder) Close(l *InLane, how CloseHow) {
	f.closed = append(f.closed, how)
	for _, r := range f.next {
		f.rest.Msgs += uint64(r.Msgs)
		f.rest.Bytes += uint64(r.Len)
		r.Slab.Release()
	}
	f.next, f.more = nil, nil
}

// port is a downstream that exists only as its lane: a socket that takes as many
// bytes as the test allows and keeps them.
type port struct {
	lane   *OutLane
	room   int // bytes it takes before it says no
	got    []byte
	closed []CloseHow
}

const endless = math.MaxInt / 8 // which sums of a few of it do not overflow, on 32 bits either

// fewer is n, or a part of it in the build that traces slabs, which is slow.
func fewer(n int) int {
	if bufpool.Tracing {
		return max(1, n/8)
	}
	return n
}

func (p *port) Flush(l *OutLane) {
	queued, _ := l.Queued()
	n := min(p.room, queued)
	if n == 0 {
		return
	}
	p.room -= n
	p.got = append(p.got, head(l, n)...)
	l.Wrote(n)
}

// give lets the port take n more bytes.
func (p *port) give(n int) {
	p.room += n
	p.Flush(p.lane)
}

func (p *port) Close(l *OutLane, how CloseHow) {
	p.closed = append(p.closed, how)
	l.Parted()
}

// head copies the first n bytes of a lane's queue.
func head(l *OutLane, n int) []byte {
	var b []byte
	for _, v := range l.Iovecs(nil, 1<<30) {
		b = append(b, v...)
	}
	return b[:n]
}

// frames splits bytes into the whole frames they begin with.
func frames(t tb, b []byte) (fs [][]byte, rest int) {
	t.Helper()
	for {
		total, err := wire.Peek(b, wire.MaxPayloadLimit)
		if err != nil {
			t.Fatalf("a port got bytes that are no frame: %v", err)
		}
		if total == 0 || total > len(b) {
			return fs, len(b)
		}
		fs = append(fs, b[:total])
		b = b[total:]
	}
}

// seqs are the sequence numbers of the whole frames in b, without what the switch
// says of sessions.
func seqs(t tb, b []byte) (out []uint64) {
	t.Helper()
	fs, _ := frames(t, b)
	for _, f := range fs {
		if t := wire.TypeOf(f); t != wire.TypeBrokenSource && t != wire.TypeSessionEnd {
			out = append(out, wire.Seq(f))
		}
	}
	return out
}

// upto is 0, 1, ... n-1.
func upto(n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = uint64(i)
	}
	return out
}

// ports answers dials with ports, which it keeps by peer and application.
type ports struct {
	byLane map[string]*port
	room   int // of a new port
}

func (w *world) ports(room int) *ports {
	ps := &ports{byLane: make(map[string]*port), room: room}
	w.dial = func(l *OutLane) {
		p := &port{lane: l, room: ps.room}
		ps.byLane[portKey(l.Peer(), l.App())] = p
		l.Opened(p)
	}
	return ps
}

func portKey(peer NodeID, app uint32) string { return fmt.Sprint(peer, app) }

func (ps *ports) to(peer int, app uint32) *port { return ps.byLane[portKey(nodeID(peer), app)] }

// journal is what a node got, as text: without broken sources, which follow every
// failure, unless the test asks for them, and without what follows from those.
type journal struct {
	lines  []string
	breaks bool
}

func (j *journal) note(m *Msg) {
	switch {
	case j.breaks:
	case m.Type() == wire.TypeBrokenSource, m.Type() == wire.TypeLinkDown && m.Link().Reason == ReasonEnded:
		return
	}
	switch {
	case aboutLink(m.Type()):
		e := m.Link()
		j.lines = append(j.lines, fmt.Sprintf("%v %v/%d %v: %v, lost %d", m.Type(), e.Peer, e.App, e.Direction, e.Reason, e.Lost))
	default:
		j.lines = append(j.lines, fmt.Sprintf("%v/%d #%d", m.Type(), m.App(), m.Seq()))
	}
}

func (j *journal) take() []string {
	l := j.lines
	j.lines = nil
	return l
}
