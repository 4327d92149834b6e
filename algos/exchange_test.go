package algos_test

import (
	"bytes"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	typeHaves = wire.FirstUserType + 210 + iota
	typeRequests
	tradeApp = 3
)

// pieceOf is what a piece has to be.
func pieceOf(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 100) }

// trader exchanges some pieces with the nodes that it is told of when it starts.
type trader struct {
	algos.Base
	peers algos.Peering
	swap  algos.Exchange
	n     int
	whole bool // it begins with all pieces
	meets []core.NodeID
	kept  []int // by piece: how often Take has kept it
	got   []int // as OnGot has told
}

func (x *trader) Bind(n *core.Node) {
	x.Base.Bind(n)
	x.kept = make([]int, x.n)
	x.peers = algos.Peering{View: algos.View{Max: 8}, Base: &x.Base, Bye: typeBye}
	x.swap = algos.Exchange{
		Base: &x.Base, Peers: &x.peers, Pieces: algos.NewPieces(x.n, func(int) bool { return x.whole }),
		TypeHave: typeHaves, TypeRequest: typeRequests, App: tradeApp, InFlight: 2, Wait: 50 * time.Millisecond, Timeout: 3 * time.Second,
		Read: pieceOf, Take: x.take, OnGot: func(i int) { x.got = append(x.got, i) },
	}
	x.swap.Open()
	algos.Accept(&x.peers, typeMeet, &x.swap.Pieces.Have, x.swap.ToldAll)
	x.Handle(typeBye, func(m *core.Msg) { x.peers.Remove(m.From()) })
	x.OnFailed(func(peer core.NodeID) { x.peers.Remove(peer) })
	x.Handle(wire.TypeData, x.swap.Received)
	x.OnUp(func() { x.round(); x.Every(time.Second, x.round) })
}

func (x *trader) take(i int, data []byte) bool {
	if !bytes.Equal(data, pieceOf(i)) {
		return false
	}
	x.kept[i]++
	return true
}

// round parts from who is late, and meets those again who are no peers.
func (x *trader) round() {
	for _, id := range x.swap.Late() {
		x.peers.Part(id)
	}
	for _, id := range x.meets {
		algos.Propose(&x.peers, id, typeMeet, &x.swap.Pieces.Have, time.Second, x.swap.ToldAll)
		x.swap.Ask(id)
	}
}

// Pieces go from node to node along a line.
func ExampleExchange() {
	w := sim.New(sim.Options{Seed: 1})
	var line []*trader
	for i := range 4 {
		x := &trader{n: 8, whole: i == 0}
		if i > 0 {
			x.meets = []core.NodeID{line[i-1].ID()}
		}
		line = append(line, x)
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return x })
	}
	if err := w.RunFor(5 * time.Second); err != nil {
		log.Fatal(err)
	}
	have := &line[3].swap.Pieces.Have
	fmt.Println("the last node has", have.Count(), "of", have.Len(), "pieces, and", line[3].peers.Len(), "peer")
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// the last node has 8 of 8 pieces, and 1 peer
}

// With a fifth of all messages lost, on a ring, everybody gets each piece, and keeps it once.
func TestExchangeUnderLoss(t *testing.T) {
	const n, pieces = 8, 40
	w := simtest.New(t, sim.Options{Seed: 3, Order: sim.Shuffled})
	nodes := w.Add(n, func(i int) core.Algorithm {
		return &trader{n: pieces, whole: i == 0, meets: []core.NodeID{w.ID(fmt.Sprint("n", (i+1)%n)), w.ID(fmt.Sprint("n", (i+n-1)%n))}}
	})
	for _, node := range nodes {
		node.Core().Call(func() { node.Core().SetDefaultLink(emul.Link{Loss: 0.2}) })
	}
	whole := func() (whole int) {
		for _, node := range nodes {
			if node.Algorithm().(*trader).swap.Pieces.Have.Full() {
				whole++
			}
		}
		return whole
	}
	for range 600 {
		if w.RunFor(time.Second); whole() == n {
			break
		}
	}
	if whole() < n {
		t.Fatalf("%d of %d have all pieces after ten minutes", whole(), n)
	}
	for i, node := range nodes[1:] {
		x := node.Algorithm().(*trader)
		for piece, kept := range x.kept {
			if kept != 1 {
				t.Errorf("node %d has kept piece %d %d times", i+1, piece, kept)
			}
		}
		if len(x.got) != pieces || x.BadMessages()+x.Unhandled()+x.Unposted() > 0 {
			t.Errorf("node %d was told of %d pieces, could not use %d messages, did not know %d and sent %d to nobody", i+1, len(x.got), x.BadMessages(), x.Unhandled(), x.Unposted())
		}
	}
}

type numbers []uint32

func (n *numbers) Fields(f *pack.Fields) { pack.List(f, (*[]uint32)(n), (*pack.Fields).Uint32) }

// script is a node that says what a test has it say.
type script struct {
	algos.Base
	has   algos.Bits
	haves []uint32 // that it was told of
	asked []uint32 // for which
	data  []int    // the numbers of what it was sent
	byes  int
}

func (s *script) Bind(n *core.Node) {
	s.Base.Bind(n)
	s.Handle(typeBye, func(*core.Msg) { s.byes++ })
	algos.On(&s.Base, typeHaves, func(_ *core.Msg, p *numbers) { s.haves = append(s.haves, *p...) })
	algos.On(&s.Base, typeRequests, func(_ *core.Msg, p *numbers) { s.asked = append(s.asked, *p...) })
	s.Handle(wire.TypeData, func(m *core.Msg) { s.data = append(s.data, int(m.Seq())) })
}

func (s *script) meet(id core.NodeID) {
	algos.Ask(&s.Base, id, typeMeet, &s.has, time.Second, func(*algos.Bits, error) {})
}

func (s *script) send(id core.NodeID, app uint32, piece uint64, data []byte) {
	m := s.NewMsg(wire.TypeData, app, len(data))
	copy(m.Payload(), data)
	m.SetSeq(piece)
	s.Send(m, id)
}

// Whatever a peer or a stranger sends, only right pieces that were asked for are kept, what is not used is counted, and who sends a wrong
// one is banned; what is sent is bounded.
func TestExchangeWithLiars(t *testing.T) {
	const n = 30
	w := simtest.New(t, sim.Options{Seed: 1})
	x, s := &trader{n: n}, &script{has: algos.NewBits(n)}
	for i := range n / 2 {
		s.has.Add(i)
	}
	node := w.AddNode("x", func() core.Algorithm { return x })
	peer := w.AddNode("s", func() core.Algorithm { return s })
	say := func(fn func()) {
		w.RunFor(10 * time.Millisecond)
		peer.Core().Call(fn)
		w.RunFor(10 * time.Millisecond)
	}
	counted := map[string]uint64{}
	check := func(what string, want map[string]uint64) {
		t.Helper()
		if c := node.Core().TakeMetrics(); c != nil {
			for _, count := range c.Counters {
				counted[count.Name] += count.More
			}
		}
		for _, name := range []string{"bad", "duplicates", "unasked", "refused"} {
			if counted[name] != want[name] {
				t.Errorf("%s: %d are %s, want %d", what, counted[name], name, want[name])
			}
		}
	}

	say(func() {
		s.Post(x.ID(), typeHaves, &numbers{1, 2, 3}) // counts for nothing
		s.Post(x.ID(), typeRequests, &numbers{1})
		s.send(x.ID(), tradeApp, 1, pieceOf(1))
	})
	if s.byes != 1 || len(s.asked) != 0 {
		t.Errorf("a stranger was told %d times that it is none, and asked for %v", s.byes, s.asked)
	}
	check("a stranger", map[string]uint64{"unasked": 1})

	say(func() { s.meet(x.ID()) })
	if len(s.asked) != 2 { // InFlight
		t.Fatalf("a new peer was asked for %v", s.asked)
	}
	first, second := int(s.asked[0]), int(s.asked[1])
	say(func() { s.send(x.ID(), tradeApp+1, uint64(first), pieceOf(first)) })
	if x.swap.Pieces.Have.Count() != 0 {
		t.Error("data of another application was taken for a piece")
	}
	say(func() {
		s.send(x.ID(), tradeApp, n-1, pieceOf(n-1))
		s.send(x.ID(), tradeApp, 1<<40, pieceOf(0))
		s.send(x.ID(), tradeApp, uint64(first), pieceOf(first))
		s.send(x.ID(), tradeApp, uint64(first), pieceOf(first))
	})
	w.RunFor(100 * time.Millisecond)
	if x.kept[first] != 1 || x.swap.Pieces.Have.Count() != 1 || len(s.asked) != 3 || len(s.haves) != 1 || s.haves[0] != uint32(first) {
		t.Errorf("it has %d pieces, %d times the one that it asked for; told %v, and asked for %v", x.swap.Pieces.Have.Count(), x.kept[first], s.haves, s.asked)
	}
	check("a peer", map[string]uint64{"unasked": 1 + 4})

	node.Core().Call(func() { x.swap.Got(second); x.swap.Got(second); x.swap.Got(n - 1) }) // they have come in another way
	w.RunFor(100 * time.Millisecond)
	if len(s.haves) != 3 || len(x.got) != 3 {
		t.Errorf("of pieces that came in another way %v were told here, and %v to the peer", x.got, s.haves)
	}
	say(func() { s.send(x.ID(), tradeApp, uint64(second), pieceOf(second)) })
	if x.kept[second] != 0 {
		t.Error("a piece that is here was kept again")
	}
	check("what is here", map[string]uint64{"unasked": 5, "duplicates": 1})

	many := make(numbers, 3*n)
	for i := range many {
		many[i] = uint32(n - 1)
	}
	say(func() {
		s.Post(x.ID(), typeRequests, &many)
		s.Post(x.ID(), typeRequests, &numbers{uint32(first), 20, 1 << 20})
	})
	w.RunFor(10 * time.Second)
	sent := uint64(len(s.data))
	check("requests", map[string]uint64{"unasked": 5, "duplicates": 1, "refused": uint64(len(many)) + 3 - sent})
	if sent < 8 || sent > 9+8 { // what may wait, and what was on the link at once
		t.Errorf("of %d requests %d were served", len(many)+3, sent)
	}

	say(func() { s.meet(x.ID()) }) // it was late with what it was asked for
	before, wrong := s.byes, int(s.asked[len(s.asked)-1])
	say(func() { s.send(x.ID(), tradeApp, uint64(wrong), pieceOf(wrong+1)) })
	if !x.peers.IsBanned(s.ID()) || s.byes != before+1 || x.swap.Pieces.Have.Has(wrong) || x.swap.Pieces.IsPeer(s.ID()) || !x.swap.Pieces.Idle() {
		t.Error("who has sent a wrong piece is not banned, or it is kept")
	}
	say(func() { s.meet(x.ID()) })
	if x.peers.Len() != 0 {
		t.Error("who is banned is a peer again")
	}
	check("a wrong piece", map[string]uint64{"unasked": 5, "duplicates": 1, "refused": uint64(len(many)) + 3 - sent, "bad": 1})
}

// Who tells of a thing of another length is no peer.
func TestExchangeOfSomethingElse(t *testing.T) {
	w := simtest.New(t, sim.Options{Seed: 1})
	nodes := w.Add(2, func(i int) core.Algorithm { return &trader{n: 8 + i, whole: true, meets: []core.NodeID{w.ID("n0")}} })
	w.RunFor(10500 * time.Millisecond) // and the answer to the last request has come
	for _, n := range nodes {
		if x := n.Algorithm().(*trader); x.peers.Len() != 0 || len(x.swap.Pieces.Peers()) != 0 {
			t.Errorf("%s has peers %v", n.Name(), x.peers.All())
		}
	}
}
