package algos_test

import (
	"fmt"
	"log"
	"slices"
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
	typeIHave = wire.FirstUserType + 220 + iota
	typeIWant
)

// teller passes messages on by their names alone.
type teller struct {
	algos.Base
	peers  algos.Peering
	recent algos.Recent
	wants  algos.Wants
	push   algos.LazyPush
	meets  []core.NodeID // its peers, who have it as theirs
	got    []uint64
	used   []core.NodeID // as OnWant has told
}

func (x *teller) Bind(n *core.Node) {
	x.Base.Bind(n)
	x.recent.Max, x.wants.Wait = 64, 100*time.Millisecond
	x.peers = algos.Peering{View: algos.View{Max: 8}, Base: &x.Base, Bye: typeBye}
	x.push = algos.LazyPush{
		Base: &x.Base, Peers: &x.peers, Kept: &x.recent, Wants: &x.wants,
		TypeHave: typeIHave, TypeWant: typeIWant, Wait: 20 * time.Millisecond, OnWant: func(peer core.NodeID) { x.used = append(x.used, peer) },
	}
	x.push.Open()
	x.Handle(typeBye, func(m *core.Msg) { x.peers.Remove(m.From()) })
	x.Handle(wire.TypeData, x.received)
	x.OnUp(func() {
		for _, id := range x.meets {
			x.peers.Add(id)
		}
		x.Every(time.Second, x.push.Remind)
	})
}

func (x *teller) received(m *core.Msg) {
	if x.recent.Keep(m) {
		x.wants.Got(algos.IDOf(m))
		x.push.Add(algos.IDOf(m))
		x.got = append(x.got, m.Seq())
	}
}

// say makes a message.
func (x *teller) say(seq uint64) {
	m := x.NewMsg(wire.TypeData, 1, 0)
	m.SetSeq(seq)
	x.received(m)
}

// A message goes around a ring, from one node to the next, though nobody sends it before he is asked for it.
func ExampleLazyPush() {
	const n = 6
	w := sim.New(sim.Options{Seed: 1})
	ring := make([]*teller, n)
	for i := range ring {
		ring[i] = &teller{meets: []core.NodeID{w.ID(fmt.Sprint("n", (i+1)%n)), w.ID(fmt.Sprint("n", (i+n-1)%n))}}
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return ring[i] })
	}
	for i := range 2 {
		w.Node("n0").Core().Call(func() { ring[0].say(uint64(i)) })
	}
	if err := w.RunFor(time.Second); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the node opposite has got", len(ring[n/2].got), "messages, and has asked", len(ring[n/2].used), "times")
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// the node opposite has got 2 messages, and has asked 2 times
}

// With a third of all messages lost, names among them, everybody gets each message once.
func TestLazyPushUnderLoss(t *testing.T) {
	const n, messages = 8, 30
	w := simtest.New(t, sim.Options{Seed: 2, Order: sim.Shuffled})
	nodes := w.Add(n, func(i int) core.Algorithm {
		return &teller{meets: []core.NodeID{w.ID(fmt.Sprint("n", (i+1)%n)), w.ID(fmt.Sprint("n", (i+n-1)%n))}}
	})
	for _, node := range nodes {
		node.Core().Call(func() { node.Core().SetDefaultLink(emul.Link{Loss: 0.3}) })
	}
	for i := range messages {
		from := nodes[i%n]
		from.Core().Call(func() { from.Algorithm().(*teller).say(uint64(i)) })
		w.RunFor(50 * time.Millisecond)
	}
	w.RunFor(2 * time.Minute)
	for i, node := range nodes {
		x := node.Algorithm().(*teller)
		slices.Sort(x.got)
		if len(x.got) != messages || len(slices.Compact(x.got)) != messages || x.wants.Len() != 0 || x.push.Telling() != 0 {
			t.Errorf("node %d has got %v, wants %d, and is telling %d", i, x.got, x.wants.Len(), x.push.Telling())
		}
		if x.BadMessages()+x.Unhandled()+x.Unposted() > 0 {
			t.Errorf("node %d could not use %d messages, did not know %d, and sent %d to nobody", i, x.BadMessages(), x.Unhandled(), x.Unposted())
		}
	}
}

// Who becomes a peer is told of all that is kept; whom To leaves out is told of nothing that is new, and is told with Tell; strangers are told
// that they are none, and neither are served nor believed.
func TestLazyPushTells(t *testing.T) {
	w := simtest.New(t, sim.Options{Seed: 1})
	nodes := w.Add(3, func(int) core.Algorithm { return &teller{} })
	a, b, c := nodes[0].Algorithm().(*teller), nodes[1].Algorithm().(*teller), nodes[2].Algorithm().(*teller)
	at := func(i int, fn func()) { nodes[i].Core().Call(fn); w.RunFor(500 * time.Millisecond) }
	at(0, func() { a.push.To = func() []core.NodeID { return nil }; a.say(1) })
	nodes[1].Core().Call(func() { b.peers.Add(a.ID()) })
	if at(0, func() { a.peers.Add(b.ID()) }); !slices.Equal(b.got, []uint64{1}) {
		t.Errorf("a new peer has got %v of what was kept", b.got)
	}
	if !slices.Equal(a.used, []core.NodeID{b.ID()}) || !slices.Equal(b.used, []core.NodeID{a.ID()}) {
		t.Errorf("OnWant was told %v by one and %v by the other", a.used, b.used)
	}
	nodes[0].Core().Call(func() { a.say(2) })
	if w.RunFor(200 * time.Millisecond); len(b.got) != 1 { // no Remind comes within that
		t.Errorf("who is left out has got %v", b.got)
	}
	nodes[0].Core().Call(func() { a.push.Tell(b.ID(), algos.MsgID{Maker: a.ID(), App: 1, Seq: 2}) })
	if w.RunFor(200 * time.Millisecond); !slices.Equal(b.got, []uint64{1, 2}) {
		t.Errorf("who was told has got %v", b.got)
	}
	made := algos.MsgIDs{{Maker: c.ID(), App: 1, Seq: 9}}
	w.Send(nodes[2], a.ID(), typeIHave, 0, 0, pack.Append(nil, &made))
	w.Send(nodes[2], a.ID(), typeIWant, 0, 0, pack.Append(nil, &algos.MsgID{Maker: a.ID(), App: 1, Seq: 1}))
	w.RunFor(500 * time.Millisecond)
	if byes := len(w.Saw("n2").Type(typeBye)); byes != 2 || len(c.got) != 0 || a.wants.Len() != 0 {
		t.Errorf("a stranger was told %d times that it is none, has got %v, and %d messages of its are waited for", byes, c.got, a.wants.Len())
	}
	if at(2, func() {
		if c.push.Ask(a.ID(), made[0]) {
			t.Error("who is no peer was asked")
		}
	}); len(c.used) != 0 {
		t.Error("OnWant was told of who was not asked")
	}
}
