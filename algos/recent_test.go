package algos_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// rememberer says of each message whether it was new.
type rememberer struct {
	algos.Base
	algos.Recent
	fresh []string
}

func (k *rememberer) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData && k.Keep(k.Node, m) {
		k.fresh = append(k.fresh, fmt.Sprint(m.App(), "/", m.Seq(), string(m.Payload())))
	}
	return k.Base.Process(m)
}

// What is new once is never new again, and what was kept is there to be sent on.
func TestRecent(t *testing.T) {
	w := simtest.New(t, sim.Options{})
	nodes := w.Add(2, func(int) core.Algorithm { return &rememberer{Recent: algos.Recent{Max: 4}} })
	k := nodes[0].Algorithm().(*rememberer)
	send := func(app uint32, seqs ...uint64) {
		for _, seq := range seqs {
			w.Send(nodes[1], nodes[0].ID(), wire.TypeData, app, seq, []byte("x"))
		}
		w.RunFor(time.Second)
	}
	send(1, 0, 1, 1, 3, 2, 0, 5, 1, 9, 5, 4) // 5 and 9 take the place of 1 and 5
	send(2, 1)
	if want := []string{"1/0x", "1/1x", "1/3x", "1/2x", "1/5x", "1/9x", "1/4x", "2/1x"}; !slices.Equal(k.fresh, want) {
		t.Errorf("new were %v, want %v", k.fresh, want)
	}
	of := func(app uint32, seq uint64) algos.MsgID { return algos.MsgID{Maker: nodes[1].ID(), App: app, Seq: seq} }
	for seq, want := range map[uint64]bool{0: true, 1: true, 4: true, 5: true, 8: false, 9: true, 13: false} {
		if got := k.Seen(of(1, seq)); got != want {
			t.Errorf("Seen %d is %v", seq, got)
		}
	}
	if m := k.Get(of(1, 9)); m == nil || m.Seq() != 9 || k.Get(of(1, 5)) != nil || k.Get(of(3, 1)) != nil {
		t.Error("what is kept is not there, or what is not kept is")
	}
	if ids := *k.IDs(100); len(ids) != 5 || !slices.Contains(ids, of(2, 1)) || len(*k.IDs(3)) != 3 {
		t.Errorf("kept are %v", ids)
	}
	for app := range uint32(algos.MaxStreams) {
		send(app+10, 0)
	}
	if k.Seen(of(1, 9)) || k.Held() != algos.MaxStreams {
		t.Errorf("a stream above the bound is kept, or its messages are: %d", k.Held())
	}
}

// asker wants what is announced, and notes whom it asks.
type asker struct {
	algos.Base
	algos.Wants
	asked []string
}

func (a *asker) Bind(n *core.Node) {
	a.Base.Bind(n)
	a.Wants = algos.Wants{Base: &a.Base, Wait: time.Second, Again: 300 * time.Millisecond,
		Have: func(m algos.MsgID) bool { return m.Seq == 99 },
		Ask: func(peer core.NodeID, m algos.MsgID) bool {
			a.asked = append(a.asked, fmt.Sprint(a.Now(), " ", peer.Port(), " ", m.Seq))
			return peer.Port() != 2
		}}
}

func TestWants(t *testing.T) {
	w := simtest.New(t, sim.Options{})
	n := w.Add(1, func(int) core.Algorithm { return &asker{} })[0]
	a := n.Algorithm().(*asker)
	peer := func(port string) core.NodeID { return w.ID("10.1.1.1:" + port) }
	m := func(seq uint64) algos.MsgID { return algos.MsgID{Maker: peer("9"), App: 1, Seq: seq} }
	n.Core().Call(func() {
		a.Announced(peer("1"), m(1), m(2), m(99))
		a.Announced(peer("1"), m(1))
		a.Announced(peer("2"), m(1))
		a.Announced(peer("3"), m(1))
	})
	w.RunFor(900 * time.Millisecond)
	first, ago := a.Got(m(2))
	if first != peer("1") || ago != 900*time.Millisecond {
		t.Errorf("the second was announced by %v, %v ago", first, ago)
	}
	if first, _ := a.Got(m(2)); !first.IsZero() {
		t.Errorf("it came twice, and was announced by %v", first)
	}
	w.RunFor(10 * time.Second)
	if want := []string{"1s 1 1", "1.3s 2 1", "1.3s 3 1"}; !slices.Equal(a.asked, want) {
		t.Errorf("asked %q, want %q", a.asked, want)
	}
	if a.GivenUp() != 1 || a.Len() != 0 {
		t.Errorf("%d given up, %d wanted", a.GivenUp(), a.Len())
	}
	n.Core().Call(func() {
		for seq := range uint64(2 * algos.MaxWants) {
			a.Announced(peer("1"), m(1000+seq))
		}
	})
	if a.Len() != algos.MaxWants {
		t.Errorf("%d are wanted, which has no bound", a.Len())
	}
}

// gatherer gathers numbers.
type gatherer struct {
	algos.Base
	algos.Gather[int]
	got [][]int
	at  []time.Duration
}

func TestGather(t *testing.T) {
	w := simtest.New(t, sim.Options{})
	n := w.Add(1, func(int) core.Algorithm { return &gatherer{} })[0]
	g := n.Algorithm().(*gatherer)
	g.Gather = algos.Gather[int]{Base: &g.Base, Wait: 100 * time.Millisecond, Most: 3, Flush: func(xs []int) {
		g.got, g.at = append(g.got, slices.Clone(xs)), append(g.at, g.Now())
		if xs[0] == 1 {
			g.Add(10)
		}
	}}
	n.Core().Call(func() { g.Add(1); g.Add(2); g.Add(3); g.Add(4) })
	w.RunFor(time.Second)
	n.Core().Call(func() { g.Add(5) })
	w.RunFor(time.Second)
	if want := "[[1 2 3] [10 4] [5]] [0s 100ms 1.1s]"; fmt.Sprint(g.got, g.at) != want {
		t.Errorf("%v %v, want %s", g.got, g.at, want)
	}
}

// offerer offers all data to its peers.
type offerer struct {
	algos.Base
	peers []core.NodeID
	full  map[core.NodeID]int
}

func (o *offerer) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData && o.peers != nil {
		o.Offer(m, o.peers, func(p core.NodeID) bool { return p == o.peers[0] }, func(p core.NodeID) { o.full[p]++ })
		return core.Done
	}
	return o.Base.Process(m)
}

// A peer that has stopped stops nobody, and a source is as fast as the fastest of its peers.
func TestOffer(t *testing.T) {
	w := simtest.New(t, sim.Options{Core: core.Config{QueueMsgs: 10}})
	nodes := w.Add(5, func(int) core.Algorithm { return &offerer{full: make(map[core.NodeID]int)} })
	w.RunFor(time.Second)
	o := nodes[0].Algorithm().(*offerer)
	o.peers = []core.NodeID{nodes[1].ID(), nodes[2].ID(), nodes[3].ID()}
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Slow, Nodes: []string{"n2"}, Cost: time.Hour}, sim.Fault{At: w.Now(), Kind: sim.Slow, Nodes: []string{"n3"}, Cost: time.Millisecond})
	for seq := range uint64(1000) {
		w.At(w.Now()+time.Duration(seq)*2*time.Millisecond, func() {
			w.Send(nodes[4], nodes[0].ID(), wire.TypeData, 1, seq, nil)
		})
	}
	w.RunFor(3 * time.Second)
	if got := len(w.Saw("n3").Type(wire.TypeData)); got != 1000 {
		t.Errorf("n3 got %d of 1000 messages beside a peer that has stopped", got)
	}
	if got := len(w.Saw("n1").Type(wire.TypeData)); got != 0 {
		t.Errorf("n1 got %d messages, and was to be passed over", got)
	}
	if told := o.full[nodes[2].ID()]; told < 900 || o.full[nodes[3].ID()] != 0 {
		t.Errorf("full was called %d times of 1000 for n2, and %d for n3", told, o.full[nodes[3].ID()])
	}
}
