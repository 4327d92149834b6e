package core

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/wire"
)

// numbered is a source of messages 0, 1, 2, ... of random sizes.
type numbered struct {
	w      *world
	rng    *rand.Rand
	app    uint32
	next   uint64
	limit  uint64
	size   int // most payload bytes
	burst  int // most messages in a run
	closed int
}

func (s *numbered) Produce(n *Node) Supply {
	if s.next == s.limit {
		return Supply{End: true}
	}
	var specs []spec
	for range min(1+s.rng.Uint64N(uint64(s.burst)), s.limit-s.next) {
		specs = append(specs, spec{sender: n.ID(), app: s.app, seq: s.next, size: s.rng.IntN(s.size + 1)})
		s.next++
	}
	return Supply{Run: s.w.makeRun(specs...)}
}

func (s *numbered) Close() { s.closed++ }

// hop is what passed between a node and its neighbour for one application.
type hop struct {
	at, other NodeID
	app       uint32
}

// item is a message as it is followed through a network.
type item struct {
	sender NodeID
	seq    uint64
}

// network is a set of relays with a route for each application, and a record of
// what each sent and received.
type network struct {
	w        *world
	route    map[uint32][][]int // by application and node, the downstreams
	sent     map[hop][]item
	received map[hop][]item
}

func newNetwork(w *world, nodes int) *network {
	nw := &network{w: w, route: make(map[uint32][][]int), sent: make(map[hop][]item), received: make(map[hop][]item)}
	for i := range nodes {
		w.node(i, func(n *Node, m *Msg) Verdict { return nw.process(i, n, m) })
	}
	return nw
}

func (nw *network) process(i int, n *Node, m *Msg) Verdict {
	if m.Type() != wire.TypeData {
		return Done
	}
	checkPayload(nw.w.t, m)
	it := item{m.Sender(), m.Seq()}
	from := hop{n.ID(), m.From(), m.App()}
	nw.received[from] = append(nw.received[from], it)
	for _, d := range nw.route[m.App()][i] {
		to := hop{n.ID(), nodeID(d), m.App()}
		nw.sent[to] = append(nw.sent[to], it)
		n.Send(m, nodeID(d))
	}
	return Done
}

// paths counts the ways from one node to every other: the slow oracle for how
// often a message arrives.
func (nw *network) paths(app uint32, from int) []int {
	count := make([]int, len(nw.w.nodes))
	var walk func(i int)
	walk = func(i int) {
		count[i]++
		for _, d := range nw.route[app][i] {
			walk(d)
		}
	}
	walk(from)
	return count
}

// verify checks that every hop got exactly what was sent over it, in order, and
// every node every message as often as there are ways to it.
func (nw *network) verify(sources map[uint32][]int, limit uint64) {
	t := nw.w.t
	t.Helper()
	for to, items := range nw.sent {
		back := hop{to.other, to.at, to.app}
		if !slices.Equal(items, nw.received[back]) {
			t.Fatalf("application %d from %v to %v: %d messages sent, %d received, or out of order",
				to.app, to.at, to.other, len(items), len(nw.received[back]))
		}
	}
	got := make(map[string]int)
	for at, items := range nw.received {
		for _, it := range items {
			got[fmt.Sprint(at.at, at.app, it.sender, it.seq)]++
		}
	}
	for app, from := range sources {
		for _, s := range from {
			for i, want := range nw.paths(app, s) {
				for seq := range limit {
					if n := got[fmt.Sprint(nodeID(i), app, nodeID(s), seq)]; n != want {
						t.Fatalf("message %d of application %d from node %d arrived at node %d %d times, not %d", seq, app, s, i, n, want)
					}
				}
			}
		}
	}
}

// someConfig draws limits, down to queues of one message.
func someConfig(t *rapid.T) Config {
	return Config{
		MaxPayload: 4096,
		QueueBytes: rapid.SampledFrom([]int{1, 100, 700, 5000, 0}).Draw(t, "queue bytes"),
		QueueMsgs:  rapid.SampledFrom([]int{1, 2, 3, 10, 0}).Draw(t, "queue messages"),
		Quantum:    rapid.SampledFrom([]int{1, 100, 3000, 0}).Draw(t, "quantum"),
		Lanes:      rapid.SampledFrom([]LaneMode{LanePerApp, LaneShared}).Draw(t, "lanes"),
	}
}

// TestRandomNetworks: whatever the topology, the limits and the sockets, every
// destination gets every message, in order, once for each way to it.
func TestRandomNetworks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := someConfig(t)
		nodes := rapid.IntRange(2, 6).Draw(t, "nodes")
		apps := rapid.IntRange(1, 3).Draw(t, "applications")
		most := rapid.SampledFrom([]int{1, 40, 500, 5000}).Draw(t, "socket bytes")
		size := rapid.SampledFrom([]int{0, 60, 1500}).Draw(t, "payload")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		if most == 1 {
			size = min(size, 10) // a byte a step takes long enough
		}
		w := newWorld(t, cfg)
		defer w.close()
		overSock := w.sockDialler(rng, most)
		w.dial = func(l *OutLane) {
			if rng.IntN(3) == 0 {
				w.connect(l)
			} else {
				overSock(l)
			}
		}
		nw := newNetwork(w, nodes)
		sources, made := nw.plan(rng, apps, size, 5)
		if !w.wander(rng, 2_000_000, nil) {
			t.Fatalf("the network is still busy")
		}
		nw.verify(sources, 5)
		for _, s := range made {
			if s.closed != 1 {
				t.Fatalf("a source was closed %d times", s.closed)
			}
		}
	})
}

// plan draws a route without cycles for each application, and its sources.
func (nw *network) plan(rng *rand.Rand, apps, size int, limit uint64) (map[uint32][]int, []*numbered) {
	nodes := len(nw.w.nodes)
	sources := make(map[uint32][]int)
	var made []*numbered
	order := rng.Perm(nodes)
	for app := uint32(1); app <= uint32(apps); app++ {
		if nw.w.sh.cfg.Lanes == LanePerApp {
			order = rng.Perm(nodes) // applications cross each other's links
		}
		nw.route[app] = make([][]int, nodes)
		for k, i := range order {
			for _, d := range order[k+1:] {
				if rng.IntN(2) == 0 {
					nw.route[app][i] = append(nw.route[app][i], d)
				}
			}
		}
		for _, i := range order[:1+rng.IntN(2)] {
			sources[app] = append(sources[app], i)
			s := &numbered{w: nw.w, rng: rng, app: app, limit: limit, size: size, burst: 4}
			made = append(made, s)
			nw.w.nodes[i].AddSource(app, s)
		}
	}
	return sources, made
}

// TestFanOutRemaining: of three downstreams one takes nothing. The others get
// each message once, the upstream lane waits for the slow one, and the lanes of
// other applications and upstreams go on.
func TestFanOutRemaining(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 2})
	defer w.close()
	ps := w.ports(endless)
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		switch {
		case m.Type() != wire.TypeData:
		case m.From() == nodeID(9): // goes where the slow one is not
			n.Send(m, nodeID(2))
		default:
			for d := 1; d <= 3; d++ {
				n.Send(m, nodeID(d))
			}
		}
		return Done
	})
	w.settle()
	lanes := make(map[string]*feeder)
	add := func(from int, app uint32) {
		var runs []Run // of one message: a run is counted as queued until it is written whole
		for i := range 10 {
			runs = append(runs, w.makeRun(spec{sender: nodeID(from), app: app, seq: uint64(i), size: 50}))
		}
		lanes[fmt.Sprint(from, "/", app)] = w.feeder(n, from, app, runs...)
	}
	ps.room = endless
	add(8, 1)
	add(8, 2)
	add(9, 1)
	// The third downstream of application 1 is a socket that takes nothing.
	dial := w.dial
	w.dial = func(l *OutLane) {
		dial(l)
		if l.App() == 1 && l.Peer() == nodeID(3) {
			ps.to(3, 1).room = 0
		}
	}
	w.settle()
	w.check()

	// Queue of 2 and one that waits: the lane has shown the algorithm 3 messages.
	slow := ps.to(3, 1)
	only := func(p *port, from int) (out []uint64) {
		fs, _ := frames(t, p.got)
		for _, f := range fs {
			if wire.Sender(f) == nodeID(from) {
				out = append(out, wire.Seq(f))
			}
		}
		return out
	}
	for d := 1; d <= 2; d++ {
		if got := only(ps.to(d, 1), 8); !slices.Equal(got, upto(3)) {
			t.Errorf("downstream %d has messages %v of the lane that waits, want 0 to 2", d, got)
		}
	}
	if len(slow.got) != 0 || !lanes["8/1"].lane.Blocked() {
		t.Errorf("the slow downstream has %d bytes, its upstream lane is blocked: %v", len(slow.got), lanes["8/1"].lane.Blocked())
	}
	if got := only(ps.to(2, 1), 9); !slices.Equal(got, upto(10)) {
		t.Errorf("another upstream of the same application got through with %v, want all 10", got)
	}
	for d := 1; d <= 3; d++ {
		if got := seqs(t, ps.to(d, 2).got); !slices.Equal(got, upto(10)) {
			t.Errorf("downstream %d has messages %v of the other application, want all 10", d, got)
		}
	}

	// Room for one message after another: each lets exactly one more through.
	for k := 1; k <= 10; k++ {
		slow.give(wire.HeaderSize + 50)
		w.settle()
		w.check()
		if got, want := only(ps.to(1, 1), 8), upto(min(k+3, 10)); !slices.Equal(got, want) {
			t.Fatalf("after %d messages the fast downstream has %v, want %v", k, got, want)
		}
		if got := seqs(t, slow.got); !slices.Equal(got, upto(k)) {
			t.Fatalf("after room for %d messages the slow downstream has %v", k, got)
		}
	}
}

// TestRing: three nodes in a ring, three saturated sessions of which each crosses
// two links, queues of one message. Sessions share links, and none ever stops.
func TestRing(t *testing.T) {
	for _, over := range []string{"mem", "socket"} {
		t.Run(over, func(t *testing.T) {
			w := newWorld(t, Config{QueueMsgs: 1, QueueBytes: 1, MaxPayload: 1000})
			defer w.close()
			rng := rand.New(rand.NewPCG(3, 4))
			if over == "socket" {
				w.dial = w.sockDialler(rng, 60)
			}
			nw := newNetwork(w, 3)
			for i := range 3 {
				app := uint32(i + 1)
				nw.route[app] = make([][]int, 3)
				nw.route[app][i] = []int{(i + 1) % 3}
				nw.route[app][(i+1)%3] = []int{(i + 2) % 3}
				w.nodes[i].AddSource(app, &numbered{w: w, rng: rng, app: app, limit: 1 << 60, size: 30, burst: 3})
			}
			var before [3]int
			for range fewer(32) {
				if w.wander(rng, 1500, nil) {
					t.Fatal("the ring came to rest while its sources had more")
				}
				for i := range 3 {
					end := hop{nodeID((i + 2) % 3), nodeID((i + 1) % 3), uint32(i + 1)}
					if now := len(nw.received[end]); now == before[i] {
						t.Fatalf("session %d has stopped after %d messages", i+1, now)
					} else {
						before[i] = now
					}
				}
			}
		})
	}
}

// TestRunQueue holds the queue to a plain slice.
func TestRunQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q runQueue
		q.head = rapid.SampledFrom([]uint32{0, 1<<32 - 3}).Draw(t, "head")
		var model []Run
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			if len(model) > 0 && rapid.Bool().Draw(t, "pop") {
				if got := q.pop(); got != model[0] {
					t.Fatalf("popped %v, want %v", got, model[0])
				}
				model = model[1:]
			} else {
				r := Run{Off: rapid.Uint32().Draw(t, "run")}
				q.push(r)
				model = append(model, r)
			}
			if q.len() != len(model) {
				t.Fatalf("the queue has %d runs, want %d", q.len(), len(model))
			}
			for i, r := range model {
				if *q.at(i) != r {
					t.Fatalf("run %d is %v, want %v", i, *q.at(i), r)
				}
			}
		}
	})
}
