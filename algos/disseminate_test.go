package algos_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

func TestDisseminateExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(t, core.Config{})
		others := []*coretest.Recorder{{}, {}, {}}
		hosts := []core.NodeID{p.node.ID(), p.peer.ID()}
		for i, o := range others {
			hosts = append(hosts, p.World.Node(string(rune('a'+i)), o).ID())
		}
		list := rapid.SliceOfN(rapid.SampledFrom(hosts), 0, 8).Draw(t, "list")
		received := rapid.Bool().Draw(t, "received")
		want := 0
		for _, h := range list {
			if h != p.node.ID() && !(received && h == p.peer.ID()) {
				want++
			}
		}
		var none, all int
		handle := func(m *core.Msg) {
			none, all = p.node.Disseminate(m, 0, list...), p.node.Disseminate(m, 1, list...)
		}
		if received {
			p.node.handle = handle
			p.Send(p.peer.Node, p.node.ID(), wire.TypeData, 5, 0, nil)
		} else {
			p.Call(p.node, func() { handle(p.node.NewMsg(wire.TypeData, 5, 0)) })
		}
		p.Run()
		got := len(p.peer.Of(wire.TypeData))
		for _, o := range others {
			got += len(o.Of(wire.TypeData))
		}
		if none != 0 || all != want || got != want {
			t.Fatalf("sent %d with p=0 and %d with p=1, %d arrived, want 0, %d and %d", none, all, got, want, want)
		}
	})
}

// With probability p a host gets a message as often as a fair coin says, and the
// same hosts do every time.
func TestDisseminateProbability(t *testing.T) {
	const sends, p = 20_000, 0.3
	run := func() int {
		w := newPair(t, core.Config{})
		hosts := make([]core.NodeID, sends)
		for i := range hosts {
			hosts[i] = w.peer.ID()
		}
		var sent int
		w.Call(w.node, func() { sent = w.node.Disseminate(w.node.NewMsg(wire.TypeData, 0, 0), p, hosts...) })
		return sent
	}
	sent := run()
	if dev := math.Abs(float64(sent)-sends*p) / math.Sqrt(sends*p*(1-p)); dev > 4 {
		t.Errorf("%d of %d sent with p=%v: %.1f standard deviations off", sent, sends, p, dev)
	}
	if again := run(); again != sent {
		t.Errorf("%d sent, and %d in the same world again", sent, again)
	}
}

func TestDisseminateMisuse(t *testing.T) {
	w := newPair(t, core.Config{})
	for _, p := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic for p=%v", p)
				}
			}()
			w.node.Disseminate(nil, p)
		}()
	}
}

// graph is a connected overlay: who knows whom, both ways.
func drawGraph(t *rapid.T, nodes int) [][]int {
	links := make([][]int, nodes)
	connect := func(a, b int) {
		links[a], links[b] = append(links[a], b), append(links[b], a)
	}
	for i := 1; i < nodes; i++ {
		connect(i, rapid.IntRange(0, i-1).Draw(t, "parent"))
	}
	for range rapid.IntRange(0, nodes).Draw(t, "extra") {
		a, b := rapid.IntRange(0, nodes-1).Draw(t, "from"), rapid.IntRange(0, nodes-1).Draw(t, "to")
		if a != b {
			connect(a, b)
		}
	}
	return links
}

// counting is Gossip that counts what it relays.
type counting struct {
	Gossip
	relayed map[uint64]int
}

func (c *counting) Process(m *core.Msg) core.Verdict {
	before := c.Delivered
	v := c.Gossip.Process(m)
	if c.Delivered != before {
		c.relayed[m.Seq()]++
	}
	return v
}

// Gossip with p=1 reaches every node of a connected graph, and every node relays
// a message once.
func TestGossipReachesAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := coretest.New(t, core.Config{})
		links := drawGraph(t, rapid.IntRange(2, 12).Draw(t, "nodes"))
		nodes := make([]*counting, len(links))
		for i := range nodes {
			nodes[i] = &counting{Gossip: Gossip{P: 1}, relayed: make(map[uint64]int)}
			w.Node(nodeID(i).String(), nodes[i])
			for _, j := range links[i] {
				nodes[i].AddHost(nodeID(j))
			}
		}
		w.RunFor(0)
		messages := rapid.IntRange(1, 5).Draw(t, "messages")
		for seq := range uint64(messages) {
			w.Deliver(nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "source")], wire.TypeData, 5, seq, nil)
		}
		w.Run()
		for i, n := range nodes {
			if n.Delivered != uint64(messages) {
				t.Fatalf("node %d got %d messages of %d", i, n.Delivered, messages)
			}
			for seq, times := range n.relayed {
				if times != 1 {
					t.Fatalf("node %d relayed message %d %d times", i, seq, times)
				}
			}
		}
	})
}

// Announcements reach every node the same way.
func TestAnnounceReachesAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := coretest.New(t, core.Config{})
		links := drawGraph(t, rapid.IntRange(2, 12).Draw(t, "nodes"))
		nodes := make([]*algos.Base, len(links))
		heard := 0
		for i := range nodes {
			nodes[i] = &algos.Base{}
			w.Node(nodeID(i).String(), nodes[i])
			for _, j := range links[i] {
				nodes[i].AddHost(nodeID(j))
			}
		}
		source := rapid.IntRange(0, len(nodes)-1).Draw(t, "source")
		w.Call(nodes[source], func() { nodes[source].Announce(5) })
		w.Run()
		sends := 0
		for i, n := range nodes {
			if n.Source(5) != nodeID(source) {
				t.Fatalf("node %d takes %v for the source, want %v", i, n.Source(5), nodeID(source))
			}
			for _, l := range n.Stats().Upstream {
				heard += int(l.Msgs)
			}
			sends += len(n.Known())
		}
		if most := sends - (len(nodes) - 1); heard != most {
			t.Fatalf("%d announcements heard, want %d: each node tells each host once, but for who told it", heard, most)
		}
	})
}
