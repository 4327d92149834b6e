package file_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/algos/gossip"
	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/algos/plumtree"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/algos/tree"
	"github.com/ioverlay/ioverlay/apps/file"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(slabtest.Main{M: m}) }

const app = 1

// noise is a file of a number.
func noise(length int, seed uint64) []byte {
	b := make([]byte, length)
	dice := rand.New(rand.NewPCG(seed, 0))
	for i := range b {
		b[i] = byte(dice.Uint32())
	}
	return b
}

// sender makes the source of some data.
func sender(t testing.TB, name string, data []byte, blockLen int, o file.SourceOptions) *file.Source {
	t.Helper()
	m, hashes, blocks, err := file.Describe(name, data, blockLen)
	if err != nil {
		t.Fatal(err)
	}
	o.App, o.Manifest, o.Tree, o.Blocks = app, m, hashes, blocks
	return file.NewSource(o)
}

// box is a sink with what it has received, by name of file, and what it was told of their ends.
type box struct {
	*file.Sink
	kept  map[string]*file.Memory
	ended []error
}

func newBox(o file.SinkOptions) *box {
	b := &box{kept: map[string]*file.Memory{}}
	b.Sink = b.life(o)
	return b
}

// life is a sink that goes on with what is kept.
func (b *box) life(o file.SinkOptions) *file.Sink {
	o.App = app
	o.Open = func(n *core.Node, t *file.Transfer) (file.Store, error) {
		s := b.kept[t.Manifest().Name]
		if s == nil {
			s = &file.Memory{}
			b.kept[t.Manifest().Name] = s
		}
		return s.OpenIn(n, t)
	}
	o.Done = func(_ *file.Transfer, err error) { b.ended = append(b.ended, err) }
	return file.NewSink(o)
}

func (b *box) has(name string, data []byte) bool { return b.kept[name] != nil && b.kept[name].Is(data) }

// pair is a source's node and a sink's, and a link between them.
func pair(t *testing.T, seed uint64, link emul.Link, src *file.Source, b *box) (w *simtest.World, from, to *sim.Node) {
	w = simtest.New(t, sim.Options{Seed: seed})
	to = w.AddNode("sink", func() core.Algorithm { return file.Beside(relay.New(nil), b.Sink) })
	from = w.AddNode("source", func() core.Algorithm { return file.Beside(relay.New(nil, to.ID()), src) })
	from.SetLink(to.ID(), link)
	from.Core().AddSource(app, src)
	return w, from, to
}

// Files of all lengths around that of a block come as they are, also where a third of all messages is lost.
func TestLengthsAndLoss(t *testing.T) {
	for _, length := range []int{0, 1, 63, 64, 65, 128, 129, 64 * 64, 10_000} {
		for _, loss := range []float64{0, 0.3} {
			data := noise(length, uint64(length))
			b := newBox(file.SinkOptions{})
			src := sender(t, "a", data, 64, file.SourceOptions{Quiet: 20 * time.Second})
			w, _, _ := pair(t, 1, emul.Link{Loss: loss, Latency: 10 * time.Millisecond}, src, b)
			w.RunFor(2 * time.Minute)
			c, sc := b.Counts(), src.Counts()
			blocks := uint64(length+63) / 64
			if !b.has("a", data) || !src.Over() || c.Blocks != blocks || c.Bad != 0 || c.Bytes != uint64(length) || len(b.ended) != 1 || b.ended[0] != nil {
				t.Errorf("%d bytes, loss %v: ended %v, over %v, %+v, the source %+v", length, loss, b.ended, src.Over(), c, sc)
			}
			if sc.Sent < blocks || sc.Repeated != sc.Sent-blocks || loss == 0 && (sc.Repeated != 0 || c.Requests != 0) {
				t.Errorf("%d bytes, loss %v: %+v, the source %+v", length, loss, c, sc)
			}
		}
	}
}

// A receiver that comes late asks for all that it has missed.
func TestLateReceiver(t *testing.T) {
	data := noise(50_000, 1)
	src := sender(t, "a", data, 1000, file.SourceOptions{})
	b := newBox(file.SinkOptions{})
	w := simtest.New(t, sim.Options{Seed: 1})
	r := relay.New(nil)
	from := w.AddNode("source", func() core.Algorithm { return file.Beside(r, src) })
	from.Core().AddSource(app, src)
	w.RunFor(10 * time.Second)
	to := w.AddNode("sink", func() core.Algorithm { return file.Beside(relay.New(nil), b.Sink) })
	from.Core().Call(func() { r.SetDownstreams(to.ID()) })
	w.RunFor(20 * time.Second)
	if sc := src.Counts(); !b.has("a", data) || sc.Repeated != 50 || sc.Rounds != 2 || sc.Requests != 1 {
		t.Errorf("%+v, the source %+v", b.Counts(), sc)
	}
}

// A source that is begun anew with the same file goes on with the same transfer; what a receiver has is not taken again.
func TestSourceThatBeginsAnew(t *testing.T) {
	data := noise(100_000, 1)
	first, second := sender(t, "a", data, 1000, file.SourceOptions{}), sender(t, "a", data, 1000, file.SourceOptions{Stay: true})
	b := newBox(file.SinkOptions{})
	w := simtest.New(t, sim.Options{Seed: 1})
	to := w.AddNode("sink", func() core.Algorithm { return file.Beside(relay.New(nil), b.Sink) })
	life := func(s *file.Source) func() core.Algorithm {
		return func() core.Algorithm { return file.Beside(relay.New(nil, to.ID()), s) }
	}
	from := w.AddNode("source", life(first))
	from.SetBandwidth(emul.Bandwidth{Up: 20_000})
	from.Core().AddSource(app, first)
	w.RunFor(2500 * time.Millisecond)
	had := b.Counts().Blocks
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: []string{"source"}})
	w.RunFor(20 * time.Second)
	again := w.AddNode("source-again", life(second))
	again.Core().AddSource(app, second)
	w.RunFor(time.Minute)
	c := b.Counts()
	if had == 0 || had >= 100 || !b.has("a", data) || c.Blocks != 100 || c.Duplicate != had || c.Whole != 1 || second.Over() {
		t.Errorf("after %d blocks %+v; the source %+v", had, c, second.Counts())
	}
}

// Two transfers of one session do not disturb each other; a sink that wants only one gets no other.
func TestTwoTransfers(t *testing.T) {
	one, two := noise(50_000, 1), noise(70_000, 2)
	srcs := []*file.Source{sender(t, "one", one, 1000, file.SourceOptions{}), sender(t, "two", two, 500, file.SourceOptions{})}
	all, only, few := newBox(file.SinkOptions{}), newBox(file.SinkOptions{Only: srcs[1].ID()}), newBox(file.SinkOptions{Max: 1})
	w := simtest.New(t, sim.Options{Seed: 1})
	var ids []core.NodeID
	for i, b := range []*box{all, only, few} {
		ids = append(ids, w.AddNode(fmt.Sprint("sink", i), func() core.Algorithm { return file.Beside(relay.New(nil), b.Sink) }).ID())
	}
	from := w.AddNode("source", func() core.Algorithm { return file.Beside(relay.New(nil, ids...), srcs[0], srcs[1]) })
	for _, id := range ids {
		from.SetLink(id, emul.Link{Loss: 0.1})
	}
	for _, s := range srcs {
		from.Core().AddSource(app, s)
	}
	w.RunFor(2 * time.Minute)
	if !all.has("one", one) || !all.has("two", two) || all.Counts().Whole != 2 {
		t.Errorf("all: %+v", all.Counts())
	}
	if !only.has("two", two) || only.kept["one"] != nil || only.Counts().Foreign == 0 {
		t.Errorf("only one: %+v", only.Counts())
	}
	if few.Counts().Whole != 1 || len(few.kept) != 1 {
		t.Errorf("one at a time: %+v", few.Counts())
	}
	again := sender(t, "three", one, 1000, file.SourceOptions{}) // when the others are long past there is room
	later := w.AddNode("another source", func() core.Algorithm { return file.Beside(relay.New(nil, ids[2]), again) })
	w.RunFor(5 * time.Minute)
	later.Core().AddSource(app, again)
	w.RunFor(time.Minute)
	if !few.has("three", one) || few.Counts().Whole != 2 || len(few.Transfers()) != 1 {
		t.Errorf("one at a time, later: %+v", few.Counts())
	}
}

// What a stranger puts into the session is refused, and counted; the file is what the source sent.
func TestStranger(t *testing.T) {
	data := noise(100_000, 1)
	src := sender(t, "a", data, 1000, file.SourceOptions{Stay: true})
	b := newBox(file.SinkOptions{})
	w, from, to := pair(t, 1, emul.Link{Loss: 0.2}, src, b)
	from.SetBandwidth(emul.Bandwidth{Up: 50_000})
	stranger := w.AddNode("stranger", func() core.Algorithm { return relay.New(nil) })
	m, hashes, blocks, err := file.Describe("a", data, 1000)
	if err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(1, 1))
	sent := uint64(0)
	for i := range 500 {
		p := make([]byte, m.MessageLen())
		at := dice.IntN(100)
		file.Header{Kind: file.KindBlock, ID: m.ID(), Proof: m.Depth(), Block: uint32(at)}.Put(p)
		hashes.Put(p[file.HeaderLen:], at)
		blocks.Read(at, p[len(p)-1000:])
		p[file.HeaderLen+dice.IntN(len(p)-file.HeaderLen)] ^= 1
		switch dice.IntN(6) {
		case 0: // a manifest of another file with this one's number
			f := m
			f.Length++
			p = f.Append(make([]byte, file.HeaderLen))
			file.Header{Kind: file.KindManifest, ID: m.ID()}.Put(p)
		case 1:
			p = p[:len(p)-1]
		case 2:
			p[1] = 9
		}
		w.Send(stranger, to.ID(), wire.TypeData, app, uint64(i), p)
		sent++
		w.RunFor(10 * time.Millisecond)
	}
	w.RunFor(30 * time.Second)
	c := b.Counts()
	// Of what is false, a block that is there already is not looked at.
	if !b.has("a", data) || c.Bad == 0 || c.Bad+c.Duplicate+c.Early < sent || c.Whole != 1 || len(b.Transfers()) != 1 {
		t.Errorf("%d false messages, %+v", sent, c)
	}
	bad := src.Counts().Bad
	for i := range 100 { // and at the source
		p := make([]byte, dice.IntN(60))
		for j := range p {
			p[j] = byte(dice.IntN(3))
		}
		w.Send(stranger, from.ID(), file.TypeRequest, 0, uint64(i), p)
	}
	w.RunFor(time.Second)
	if got := src.Counts(); got.Bad == bad || got.Requests != c.Requests {
		t.Errorf("the source %+v", got)
	}
}

// Of many who lack the same, few say so.
func TestManyDoNotImplode(t *testing.T) {
	const nodes = 400
	data := noise(100_000, 1)
	src := sender(t, "a", data, 1000, file.SourceOptions{})
	w := simtest.New(t, sim.Options{Seed: 1})
	boxes := make([]*box, nodes)
	var ids []core.NodeID
	for i := range boxes {
		boxes[i] = newBox(file.SinkOptions{})
		ids = append(ids, w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return file.Beside(relay.New(nil), boxes[i].Sink) }).ID())
	}
	hub := w.AddNode("hub", func() core.Algorithm { return relay.New(nil, ids...) })
	from := w.AddNode("source", func() core.Algorithm { return file.Beside(relay.New(nil, hub.ID()), src) })
	from.SetLink(hub.ID(), emul.Link{Loss: 0.1})
	for _, id := range ids {
		hub.SetLink(id, emul.Link{Latency: 20 * time.Millisecond})
	}
	from.Core().AddSource(app, src)
	w.RunFor(2 * time.Minute)
	sc, suppressed := src.Counts(), uint64(0)
	for i, b := range boxes {
		if suppressed += b.Counts().Suppressed; !b.has("a", data) {
			t.Fatalf("node %d: %+v", i, b.Counts())
		}
	}
	t.Logf("%d requests in %d rounds", sc.Requests, sc.Rounds)
	if sc.Requests > sc.Rounds*nodes/10 || suppressed == 0 || sc.Rounds > 8 || !src.Over() {
		t.Errorf("%d suppressed, the source %+v", suppressed, sc)
	}
}

// The source ends as soon as as many receivers as it was told have all, and not for want of news.
func TestReceivers(t *testing.T) {
	data := noise(50_000, 1)
	src := sender(t, "a", data, 1000, file.SourceOptions{Receivers: 3, Quiet: time.Hour})
	w := simtest.New(t, sim.Options{Seed: 1})
	boxes := []*box{newBox(file.SinkOptions{}), newBox(file.SinkOptions{}), newBox(file.SinkOptions{})}
	var ids []core.NodeID
	for i, b := range boxes {
		ids = append(ids, w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return file.Beside(relay.New(nil), b.Sink) }).ID())
	}
	from := w.AddNode("source", func() core.Algorithm { return file.Beside(relay.New(nil, ids[:2]...), src) })
	from.Core().AddSource(app, src)
	w.RunFor(10 * time.Minute)
	if src.Over() || src.Counts().Whole != 2 {
		t.Fatalf("with two of three %+v", src.Counts())
	}
	w.AddNode("between", func() core.Algorithm { return relay.New(nil) })
	two := sender(t, "a", data, 1000, file.SourceOptions{Receivers: 1, Quiet: time.Hour})
	again := w.AddNode("another source", func() core.Algorithm { return file.Beside(relay.New(nil, ids[2]), two) })
	again.Core().AddSource(app, two)
	w.RunFor(10 * time.Second)
	if !two.Over() || two.Counts().Whole != 1 || !boxes[2].has("a", data) {
		t.Errorf("with one of one %+v", two.Counts())
	}
}

// overlay is an algorithm at each of some nodes, the first of which is the source.
type overlay struct {
	alg  func(i int, all func(int) core.NodeID) core.Algorithm
	join func(alg core.Algorithm)
}

// trees are a tree of nodes that know each other.
func trees(nodes int) overlay {
	return overlay{
		alg: func(i int, id func(int) core.NodeID) core.Algorithm {
			t := tree.New(tree.NodeStress)
			t.Bandwidth = float64(100_000 + 20_000*(i%5))
			for other := range nodes {
				if other != i {
					t.AddHost(id(other))
				}
			}
			if i == 0 {
				t.Roots = []uint32{app}
			}
			return t
		},
		join: func(alg core.Algorithm) { alg.(*tree.Tree).Join(app) },
	}
}

// gossips are nodes that pass on to three others each.
func gossips(nodes int) overlay {
	return overlay{
		alg: func(i int, id func(int) core.NodeID) core.Algorithm {
			return gossip.New(1, id((i+1)%nodes), id((i+2)%nodes), id((i+5)%nodes))
		},
		join: func(core.Algorithm) {},
	}
}

// storm sends a file over links that lose messages, while nodes crash and come back with what they had: through a tree, every other one of which
// loses none, or by gossip. At the end all that live have it.
func storm(t *testing.T, seed uint64) {
	const nodes = 12
	dice := rand.New(rand.NewPCG(seed, 7))
	data := noise(20_000+dice.IntN(30_000), seed)
	over, loss := trees(nodes), 0.0
	switch seed % 4 {
	case 1, 3:
		over, loss = gossips(nodes), 0.4*dice.Float64()
	case 2:
		loss = 0.1 * dice.Float64()
	}
	w := simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled})
	id := func(i int) core.NodeID { return w.ID(fmt.Sprint("n", i)) }
	src := sender(t, "a", data, 500, file.SourceOptions{Stay: true})
	boxes, algs := make([]*box, nodes), make([]core.Algorithm, nodes)
	begin := func(i int) core.Algorithm {
		algs[i] = over.alg(i, id)
		if i == 0 {
			return file.Beside(algs[0], src)
		}
		if boxes[i] == nil {
			boxes[i] = newBox(file.SinkOptions{})
		} else {
			boxes[i].Sink = boxes[i].life(file.SinkOptions{}) // with what it had
		}
		return file.Beside(algs[i], boxes[i].Sink)
	}
	all := w.Add(nodes, begin)
	for _, n := range all {
		n.Core().Node().SetDefaultLink(emul.Link{Loss: loss, Latency: 10 * time.Millisecond})
	}
	all[0].SetBandwidth(emul.Bandwidth{Up: 100_000})
	join := func(i int) { all[i].Core().Call(func() { over.join(algs[i]) }) }
	w.RunFor(time.Second)
	for i := 1; i < nodes; i++ {
		join(i)
	}
	all[0].Core().Call(func() { all[0].Core().Node().AddSource(app, src) })
	dead, crashes := map[int]bool{}, 0
	for crashes < 6 || len(dead) > 2 { // two dead cut nobody off
		w.RunFor(time.Duration(dice.IntN(2000)) * time.Millisecond)
		i := 1 + dice.IntN(nodes-1)
		if dead[i] {
			delete(dead, i)
			w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Restart, Nodes: []string{all[i].Name()}})
			w.RunFor(100 * time.Millisecond)
			join(i)
		} else if crashes < 6 {
			dead[i] = true
			crashes++
			w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: []string{all[i].Name()}})
			w.RunFor(time.Millisecond)
		}
	}
	w.RunFor(3 * time.Minute)
	for i := 1; i < nodes; i++ {
		if !dead[i] && (!boxes[i].has("a", data) || boxes[i].Counts().Bad != 0) {
			t.Fatalf("seed %d: n%d: %+v, %v; the source %+v", seed, i, boxes[i].Counts(), boxes[i].Transfers(), src.Counts())
		}
	}
}

// Many seeds: IOVERLAY_FILE_SEEDS=10000 go test -run TestStorm ./apps/file.
func TestStorm(t *testing.T) {
	seeds := 20
	if n, err := strconv.Atoi(os.Getenv("IOVERLAY_FILE_SEEDS")); err == nil {
		seeds = n
	} else if testing.Short() {
		seeds = 4
	}
	for seed := range uint64(seeds) {
		storm(t, seed)
	}
}

// However an algorithm passes data on, also coded, all nodes get the file over links that lose messages.
func TestAlgorithms(t *testing.T) {
	const nodes = 8
	data := noise(100_000, 1)
	for name, alg := range map[string]func(i int, id func(int) core.NodeID, b *box) core.Algorithm{
		"relay": func(i int, id func(int) core.NodeID, _ *box) core.Algorithm {
			return relay.New(nil, below(i, nodes, id)...)
		},
		"gossip": func(i int, id func(int) core.NodeID, _ *box) core.Algorithm {
			return gossip.New(1, id((i+1)%nodes), id((i+2)%nodes), id((i+5)%nodes))
		},
		"plumtree": func(i int, id func(int) core.NodeID, _ *box) core.Algorithm {
			p := plumtree.New()
			p.AddHost(id(0))
			return p
		},
		"rlnc": func(i int, id func(int) core.NodeID, b *box) core.Algorithm {
			s := netcode.Session{App: app, K: 16, Downstreams: below(i, nodes, id)}
			var m *netcode.Multicast
			if b != nil {
				s.Deliver = func(_ coding.Generation, _ int, packet []byte) {
					source, _ := m.Source()
					b.Take(m.Node, source, packet)
				}
			}
			m = netcode.NewMulticast(s)
			return m
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := simtest.New(t, sim.Options{Seed: 1})
			src := sender(t, "a", data, 1000, file.SourceOptions{Quiet: 20 * time.Second})
			boxes := make([]*box, nodes)
			all := w.Add(nodes, func(i int) core.Algorithm {
				id := func(i int) core.NodeID { return w.ID(fmt.Sprint("n", i)) }
				if i == 0 {
					return file.Beside(alg(0, id, nil), src)
				}
				boxes[i] = newBox(file.SinkOptions{})
				return file.Beside(alg(i, id, boxes[i]), boxes[i].Sink)
			})
			for _, n := range all {
				n.Core().Node().SetDefaultLink(emul.Link{Loss: 0.05, Latency: 10 * time.Millisecond})
			}
			all[0].SetBandwidth(emul.Bandwidth{Up: 100_000})
			w.RunFor(5 * time.Second)
			all[0].Core().Call(func() { all[0].Core().Node().AddSource(app, src) })
			w.RunFor(2 * time.Minute)
			for i, b := range boxes[1:] {
				if !b.has("a", data) || b.Counts().Bad != 0 {
					t.Errorf("n%d: %+v, %v", i+1, b.Counts(), b.Transfers())
				}
			}
			if !src.Over() {
				t.Errorf("the source goes on: %+v", src.Counts())
			}
		})
	}
}

// below are the children of a node in a binary tree.
func below(i, nodes int, id func(int) core.NodeID) (ids []core.NodeID) {
	for _, c := range []int{2*i + 1, 2*i + 2} {
		if c < nodes {
			ids = append(ids, id(c))
		}
	}
	return ids
}

// A block costs no memory of its own, once the buffers are there.
func TestNoAllocations(t *testing.T) {
	const blocks = 20_000
	syn, err := file.NewSynthetic("a", blocks*1000, 1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := sim.New(sim.Options{Seed: 1})
	s := file.NewSink(file.SinkOptions{App: app, Open: func(_ *core.Node, t *file.Transfer) (file.Store, error) { return file.OpenSynthesized(t, 1), nil }})
	src := file.NewSource(file.SourceOptions{App: app, Manifest: syn.Manifest, Tree: syn.Tree, Blocks: syn})
	sink := w.AddNode("sink", func() core.Algorithm { return file.Beside(relay.New(nil), s) })
	from := w.AddNode("source", func() core.Algorithm { return file.Beside(relay.New(nil, sink.ID()), src) })
	from.SetBandwidth(emul.Bandwidth{Up: 1_000_000})
	from.Core().AddSource(app, src)
	run := func() {
		if err := w.RunFor(time.Second); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		run()
	}
	before := s.Counts().Blocks
	perSecond := testing.AllocsPerRun(5, run)
	if got := s.Counts().Blocks - before; perSecond > 25 || got < 2000 { // a slab now and then, and what grows
		t.Errorf("%v allocations a second, with %d blocks in 6 s", perSecond, got)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
