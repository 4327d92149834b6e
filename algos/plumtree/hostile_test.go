package plumtree

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// rude is a node that is no member and sends what it likes.
type rude struct{ algos.Base }

// Whatever a stranger sends, nobody breaks, views stay bounded, and once it is quiet the overlay is as
// it should be and delivers.
func TestHostilePayloads(t *testing.T) {
	const nodes = 12
	v := newOverlay(t, sim.Options{Seed: 5}, nodes)
	bad := v.AddNode("rude", func() core.Algorithm { return &rude{} })
	v.RunFor(30 * time.Second)
	rng := rand.New(rand.NewPCG(5, 5))
	long := make(algos.MsgIDs, pack.MaxList)
	for i := range long {
		long[i] = algos.MsgID{Maker: v.nodes[0].ID(), App: uint32(i), Seq: rng.Uint64()}
	}
	for range 3000 {
		i := rng.IntN(nodes)
		typ := core.Type(286 + rng.IntN(16)) // the types of both packages, and some beside them
		payload := make([]byte, rng.IntN(40))
		for k := range payload {
			payload[k] = byte(rng.Uint32() & rng.Uint32())
		}
		if typ == typeHave && rng.IntN(20) == 0 {
			payload = pack.Append(nil, &long)
		}
		v.Send(bad, v.nodes[i].ID(), typ, 0, rng.Uint64(), payload)
		if rng.IntN(10) == 0 {
			v.Send(bad, v.nodes[i].ID(), wire.TypeData, 1+rng.Uint32N(3000), rng.Uint64(), nil)
		}
		v.RunFor(5 * time.Millisecond)
		if p := v.at(i); len(p.Neighbours()) > p.Active || p.Missing.Len() > algos.MaxWants || p.Held() > 128*algos.MaxStreams {
			t.Fatalf("%d neighbours, %d messages missing, %d held", len(p.Neighbours()), p.Missing.Len(), p.Held())
		}
	}
	var malformed uint64
	for i := range v.nodes {
		malformed += v.at(i).BadMessages()
	}
	if malformed < 300 {
		t.Errorf("%d malformed payloads were counted", malformed)
	}
	v.Schedule(sim.Fault{At: v.Now(), Kind: sim.Stop, Nodes: []string{"rude"}})
	v.RunFor(3 * time.Minute)
	const app, sent = 5000, 20
	v.stream(1, app, sent, 10)
	v.RunFor(time.Minute)
	v.checkDelivered("after a stranger", app, sent, nobody)
}

// What a node that is no neighbour announces is not waited for, and what it asks for it does not get.
func TestStrangersAreNotServed(t *testing.T) {
	v := newOverlay(t, sim.Options{Seed: 2}, 8)
	bad := v.AddNode("rude", func() core.Algorithm { return &rude{} })
	v.RunFor(30 * time.Second)
	v.stream(3, 1, 10, 10)
	v.RunFor(5 * time.Second)
	id := algos.MsgID{Maker: v.nodes[3].ID(), App: 1, Seq: 9}
	made := algos.MsgIDs{{Maker: v.nodes[3].ID(), App: 1, Seq: 1000}, {Maker: v.nodes[3].ID(), App: 2, Seq: 1}}
	v.Send(bad, v.nodes[5].ID(), typeHave, 0, 0, pack.Append(nil, &made))
	v.Send(bad, v.nodes[5].ID(), typeGraft, 0, 0, pack.Append(nil, &id))
	v.RunFor(100 * time.Millisecond)
	if got := v.at(5).Missing.Len(); got != 0 {
		t.Errorf("%d messages are waited for that a stranger has announced", got)
	}
	if got := len(v.Saw("rude").Type(wire.TypeData)); got != 0 {
		t.Errorf("a stranger was sent %d messages", got)
	}
	if got := len(v.Saw("rude").Type(291)); got != 2 {
		t.Errorf("a stranger was told %d times that it is none, want 2", got)
	}
}

// Who comes late gets all that is kept, however much that is. (Only the first 4,096 places were ever announced.)
func TestManyKept(t *testing.T) {
	const kept = 6000
	v := &overlay{World: simtest.New(t, sim.Options{Seed: 4}), t: t, got: make([]map[algos.MsgID]int, 4)}
	add := func(contact string) {
		i := len(v.nodes)
		v.nodes = append(v.nodes, v.AddNode(string(rune('a'+i)), func() core.Algorithm {
			p := New()
			p.Recent.Max = 1 << 13
			p.AddHost(v.ID(contact))
			got := make(map[algos.MsgID]int)
			v.got[i] = got
			p.Deliver = func(m *core.Msg) { got[algos.IDOf(m)]++ }
			return p
		}))
	}
	add("b")
	add("a")
	add("a")
	v.RunFor(time.Second)
	v.stream(0, 1, kept, 1000)
	v.RunFor(10 * time.Second)
	add("c")
	v.RunFor(125 * time.Second) // and no Period begins in the last seconds
	v.checkDelivered("kept", 1, kept, nobody)
	for i := range v.nodes {
		if p := v.at(i); p.Recent.Dropped() != 0 || p.push.Telling() != 0 {
			t.Errorf("node %d has dropped %d, and is telling %d nodes", i, p.Recent.Dropped(), p.push.Telling())
		}
	}
}
