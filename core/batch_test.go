package core

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// fan forwards data to dests and writes down what it saw. It takes batches; oneByOne
// does not.
type fan struct {
	*Node
	dests []NodeID
	seen  []string
	took  int // messages in batches
	alone int // data messages shown to Process
	quiet bool
	act   func(b *Batch) // in ProcessBatch, in place of Take
}

func (f *fan) Bind(n *Node) { f.Node = n }

func (f *fan) note(m *Msg) {
	if !f.quiet {
		f.seen = append(f.seen, fmt.Sprint(m.Type(), m.From(), m.Sender(), m.App(), m.Seq(), len(m.Payload())))
	}
}

func (f *fan) Process(m *Msg) Verdict {
	f.note(m)
	if m.Type() == wire.TypeData {
		f.alone++
	}
	if m.Type() == wire.TypeData || m.Type() >= wire.FirstAlgorithmType {
		for _, d := range f.dests {
			f.Send(m, d)
		}
	}
	return Done
}

func (f *fan) ProcessBatch(b *Batch) {
	if f.act != nil {
		f.act(b)
		return
	}
	f.took += b.Take(f.dests...)
	bytes, msgs := 0, 0
	for m := range b.All() {
		f.note(m)
		bytes += m.Len()
		msgs++
		if m.From() != b.From() || m.App() != b.App() || m.Type() != wire.TypeData {
			panic("a batch of messages that are not alike")
		}
	}
	if bytes != b.Bytes() || msgs != b.Len() {
		panic(fmt.Sprintf("a batch of %d messages, %d bytes, that has %d, %d", b.Len(), b.Bytes(), msgs, bytes))
	}
}

func (f *fan) Batches() Algorithm { return f }

// oneByOne is a fan that gets no batches, since the fan in it is of another type.
type oneByOne struct{ *fan }

// fan adds a running node.
func (w *world) fan(i int, alg Algorithm) *Node {
	n := w.sh.NewNode(nodeID(i), alg, Rand(uint64(i))).node
	n.sw.Start()
	w.nodes = append(w.nodes, n)
	return n
}

// TestBatchesAreAsOneByOne: a node that takes batches and one that does not cannot be told
// apart between any two rounds: bytes, order, queues, runs, deficits, counters, who waits.
func TestBatchesAreAsOneByOne(t *testing.T) {
	for fanOut := range 5 {
		t.Run(fmt.Sprint("fan-out ", fanOut), func(t *testing.T) { testBatches(t, fanOut) })
	}
}

// TestBatchesHappen: with room in its queues, all that a relay is given comes in batches, but
// for the message that opens its lanes and those that fill a queue.
func TestBatchesHappen(t *testing.T) {
	w := newTwin(t, Config{QueueMsgs: 40}, []NodeID{nodeID(10), nodeID(11)}, true, endless)
	defer w.close()
	w.settle()
	specs := make([]spec, 100)
	for i := range specs {
		specs[i] = spec{sender: nodeID(77), app: 1, seq: uint64(i), size: 76}
	}
	w.feeder(w.node, 1, 1, w.makeRun(specs...))
	w.settle()
	// 0 opens the lanes; 40 and 80 find them full, or are what comes next.
	if w.fan.took != 97 || w.fan.alone != 3 {
		t.Errorf("%d messages came in batches and %d alone, want 97 and 3", w.fan.took, w.fan.alone)
	}
	for to := 10; to <= 11; to++ {
		if got := seqs(t, w.ports.to(to, 1).got); !slices.Equal(got, upto(100)) {
			t.Errorf("node %d got %v", to, got)
		}
	}
}

func testBatches(t *testing.T, fanOut int) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{
			QueueMsgs:  rapid.SampledFrom([]int{1, 2, 3, 7, 20, 1000}).Draw(t, "queue messages"),
			QueueBytes: rapid.SampledFrom([]int{1, 100, 400, 3000, 3000, 1 << 20}).Draw(t, "queue bytes"),
			Quantum:    rapid.SampledFrom([]int{1, 50, 300, 2000, 2000, 1 << 17}).Draw(t, "quantum"),
			MaxPayload: 1000,
		}
		if rapid.IntRange(0, 7).Draw(t, "lanes") == 0 {
			cfg.Lanes = LaneShared
		}
		var dests []NodeID
		for i := range fanOut {
			dests = append(dests, nodeID(10+i))
			if rapid.IntRange(0, 9).Draw(t, "twice") == 0 {
				dests[i] = dests[0]
			}
		}
		room := rapid.SampledFrom([]int{0, 100, endless}).Draw(t, "room")
		a, b := newTwin(t, cfg, dests, true, room), newTwin(t, cfg, dests, false, room)
		defer a.close()
		defer b.close()
		both := func(do func(w *twin)) {
			do(a)
			do(b)
			a.check()
			b.check()
			if x, y := a.state(), b.state(); !slices.Equal(x, y) {
				for i := range min(len(x), len(y)) {
					if x[i] != y[i] {
						t.Fatalf("batches and one by one differ:\n%s\n%s", x[i], y[i])
					}
				}
				t.Fatalf("batches and one by one differ:\n%q\n%q", x, y)
			}
		}
		lanes := []struct {
			from int
			app  uint32
		}{{1, 1}, {2, 1}, {3, 2}, {4, 0}}
		both(func(w *twin) {
			w.settle()
			for _, l := range lanes {
				w.ups = append(w.ups, w.feeder(w.node, l.from, l.app))
			}
		})
		var seq uint64
		for range rapid.IntRange(20, 150).Draw(t, "steps") {
			up := rapid.IntRange(0, len(lanes)-1).Draw(t, "lane")
			switch op := rapid.IntRange(0, 99).Draw(t, "what"); {
			case op < 30: // a run arrives
				specs := drawRun(t, lanes[up].app, &seq)
				both(func(w *twin) {
					if f := w.ups[up]; !f.lane.Closed() {
						f.give(w.makeRun(specs...))
					}
				})
			case op < 60:
				both(func(w *twin) { w.sh.ServeNext() })
			case op < 65:
				both(func(w *twin) { w.sh.Flush() })
			case op < 82: // a port takes some
				n := rapid.IntRange(1, 2000).Draw(t, "bytes")
				to, app := 10+rapid.IntRange(0, 3).Draw(t, "to"), rapid.Uint32Range(0, 2).Draw(t, "app")
				both(func(w *twin) {
					if p := w.ports.to(to, app); p != nil && p.lane.tr == p {
						p.give(n)
					}
				})
			case op < 86: // a link breaks
				to, app := 10+rapid.IntRange(0, 3).Draw(t, "to"), rapid.Uint32Range(0, 2).Draw(t, "app")
				both(func(w *twin) {
					if p := w.ports.to(to, app); p != nil && p.lane.tr == p {
						p.lane.Fail(ReasonReset)
					}
				})
			case op < 89:
				to := nodeID(10 + rapid.IntRange(0, 3).Draw(t, "to"))
				both(func(w *twin) { w.node.sw.Call(func() { w.node.CloseLink(to) }) })
			case op < 91: // an upstream is lost, or comes again
				both(func(w *twin) {
					if f := w.ups[up]; f.lane.Closed() {
						w.ups[up] = w.feeder(w.node, lanes[up].from, lanes[up].app)
					} else {
						f.lane.End(ReasonReset, nil)
					}
				})
			case op < 94:
				d := rapid.Int64Range(1, 2e9).Draw(t, "time")
				both(func(w *twin) { w.pass(time.Duration(d)) })
			case op < 96:
				weight := rapid.IntRange(1, 5).Draw(t, "weight")
				both(func(w *twin) { w.node.SetWeight(nodeID(lanes[up].from), lanes[up].app, weight) })
			case op < 98:
				down := emul.Rate(rapid.SampledFrom([]int{0, 1000, 100000}).Draw(t, "down"))
				both(func(w *twin) { w.node.SetBandwidth(emul.Bandwidth{Down: down}) })
			default:
				n := rapid.IntRange(0, len(dests)).Draw(t, "turned by")
				now := slices.Concat(dests[n:], dests[:n])[:rapid.IntRange(0, len(dests)).Draw(t, "fan-out now")]
				both(func(w *twin) { w.fan.dests = now })
			}
		}
		both(func(w *twin) { w.settle() })
		if b.fan.took > 0 {
			t.Fatalf("a type that embeds an algorithm got %d messages in that one's batches", b.fan.took)
		}
	})
}

// drawRun draws messages for a lane: most of them alike, as they are.
func drawRun(t *rapid.T, app uint32, seq *uint64) []spec {
	six, err := ParseNodeID("[fd00::1]:7000")
	if err != nil {
		t.Fatal(err)
	}
	var specs []spec
	size := rapid.SampledFrom([]int{0, 26, 76, 76, 100, 200}).Draw(t, "size") // frames of 50, 100
	for range rapid.IntRange(1, 30).Draw(t, "messages") {
		s := spec{sender: nodeID(77), app: app, seq: *seq, size: size}
		*seq++
		switch rapid.IntRange(0, 19).Draw(t, "kind") {
		case 0:
			s.size = rapid.IntRange(0, 1000).Draw(t, "another size")
			size = min(s.size, 300)
		case 1:
			s.typ = wire.FirstUserType
		case 2:
			s.sender = six
		case 3:
			if rapid.IntRange(0, 9).Draw(t, "foreign") == 0 {
				s.app += 7 // breaks the protocol
			}
		case 4:
			if rapid.IntRange(0, 9).Draw(t, "too large") == 0 {
				s.size = 1001 // likewise
			}
		case 5:
			if app != 0 {
				s.typ, s.size = wire.TypeSessionEnd, 0
			}
		}
		specs = append(specs, s)
	}
	return specs
}
