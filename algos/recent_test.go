package algos_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
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
	if m.Type() == wire.TypeData && k.Keep(m) {
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
	nodes[0].Core().Call(func() {
		if m := k.Get(k.Node, of(1, 9)); m == nil || algos.IDOf(m) != of(1, 9) || string(m.Payload()) != "x" {
			t.Error("what is kept is not there")
		}
		if k.Get(k.Node, of(1, 5)) != nil || k.Get(k.Node, of(3, 1)) != nil {
			t.Error("what is not kept is there")
		}
	})
	if ids, next := k.Page(0, 100); next != 0 || fmt.Sprint(seqs(ids)) != "[3 2 9 4 1]" {
		t.Errorf("kept are %v", ids)
	}
	for app := range uint32(algos.MaxStreams) {
		send(app+10, 0)
	}
	if k.Seen(of(1, 9)) || k.Len() != algos.MaxStreams {
		t.Errorf("a stream above the bound is kept, or its messages are: %d", k.Len())
	}
	if k.Held() != 0 {
		t.Errorf("%d messages keep the slabs that they came in", k.Held())
	}
}

func seqs(ids *algos.MsgIDs) (seqs []uint64) {
	for _, id := range *ids {
		seqs = append(seqs, id.Seq)
	}
	return seqs
}

// keeping is a Recent, and what makes messages for it.
func keeping(t coretest.TB, r algos.Recent) (keep func(app uint32, seq uint64, payload int) bool, of func(app uint32, seq uint64) algos.MsgID, _ *algos.Recent) {
	w := coretest.New(t, core.Config{})
	n := w.Node("a", &algos.Base{})
	keep = func(app uint32, seq uint64, payload int) (isNew bool) {
		n.Call(func() {
			m := n.NewMsg(wire.TypeData, app, payload)
			clear(m.Payload())
			m.SetSeq(seq)
			isNew = r.Keep(m)
		})
		return isNew
	}
	return keep, func(app uint32, seq uint64) algos.MsgID { return algos.MsgID{Maker: n.ID(), App: app, Seq: seq} }, &r
}

// However rings grow, what is new, seen and kept is what one of full length from the beginning says.
func TestRecentIsARing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.SampledFrom([]uint64{1, 3, 8, 20, 32, 64, 72}).Draw(t, "max")
		keep, of, r := keeping(t, algos.Recent{Max: int(length)})
		ring := make(map[uint64]uint64) // by place: the newest number, from 1
		for _, seq := range rapid.SliceOf(rapid.Uint64Range(0, 150)).Draw(t, "seqs") {
			if got, want := keep(1, seq, 0), ring[seq%length] < seq+1; got != want {
				t.Fatalf("%d is new: %v, want %v", seq, got, want)
			}
			ring[seq%length] = max(ring[seq%length], seq+1)
		}
		for seq := range uint64(150) {
			if got, want := r.Seen(of(1, seq)), ring[seq%length] >= seq+1; got != want {
				t.Fatalf("%d was seen: %v, want %v", seq, got, want)
			}
		}
		if r.Len() != len(ring) {
			t.Fatalf("%d are kept, want %d", r.Len(), len(ring))
		}
	})
}

// All that is kept is named, page by page, the newest first, whatever comes meanwhile.
func TestRecentPages(t *testing.T) {
	const kept, page = 3 * pack.MaxList, 1000
	keep, _, r := keeping(t, algos.Recent{Max: kept / 2, MaxBytes: 1 << 30})
	for seq := range uint64(kept) {
		keep(1+uint32(seq%3), seq/3, 0)
	}
	named := make(map[algos.MsgID]bool)
	last := uint64(0)
	for from, pages := uint64(0), 0; ; pages++ {
		ids, next := r.Page(from, page)
		for _, id := range *ids {
			if named[id] || len(*ids) > page {
				t.Fatalf("%v is named again, or %d are a page", id, len(*ids))
			}
			named[id] = true
		}
		if newest := (*ids)[len(*ids)-1].Seq; pages > 0 && newest > last {
			t.Errorf("page %d begins with %d, and the one before ended with %d", pages, newest, last)
		}
		if last = (*ids)[0].Seq; next == 0 {
			break
		}
		from = next
		keep(9, uint64(pages), 0)
	}
	if len(named) != kept {
		t.Errorf("%d of %d messages are named", len(named), kept)
	}
}

// What is kept has a bound in bytes, whatever there is of it; what had to go is counted, and known.
func TestRecentIsBoundedInBytes(t *testing.T) {
	const most = 10_000
	keep, of, r := keeping(t, algos.Recent{Max: 1 << 12, MaxBytes: most})
	rng := rand.New(rand.NewPCG(1, 1))
	for seq := range uint64(1000) {
		if !keep(uint32(1+seq%2), seq, rng.IntN(300)) || r.Bytes() > most {
			t.Fatalf("%d is not new, or %d bytes are kept", seq, r.Bytes())
		}
	}
	if r.Len()+int(r.Dropped()) != 1000 || r.Bytes() < most/2 {
		t.Errorf("%d are kept in %d bytes, and %d dropped, of 1000", r.Len(), r.Bytes(), r.Dropped())
	}
	if ids, _ := r.Page(0, 1000); len(*ids) != r.Len() || (*ids)[len(*ids)-1] != of(2, 999) {
		t.Errorf("kept are %v", *ids)
	}
	if keep(1, 0, 10) || !r.Seen(of(1, 0)) {
		t.Error("what had to go is new again")
	}
	if !keep(1, 1000, most) || keep(1, 1000, most) || r.Dropped() != uint64(1001-r.Len()) {
		t.Error("a message that is larger than all may be is kept, not counted or new twice")
	}
}

// Who makes up streams with numbers far apart gets no more places than there are.
func TestRecentPlacesAreBounded(t *testing.T) {
	const length = 1 << 16
	keep, of, r := keeping(t, algos.Recent{Max: length})
	for app := range uint32(50) {
		keep(1+app, 0, 0)
		keep(1+app, length/2, 0)
	}
	seen := 0
	for app := range uint32(50) {
		if r.Seen(of(1+app, length/2)) {
			seen++
		}
	}
	if seen > 8 || !r.Seen(of(50, 0)) || !r.Seen(of(49, 0)) {
		t.Errorf("%d streams have rings of %d places", seen, length)
	}
}

// A message that replaces another takes its buffer.
func TestRecentAllocatesNothing(t *testing.T) {
	w := coretest.New(t, core.Config{})
	n := w.Node("a", &algos.Base{})
	r := algos.Recent{Max: 64}
	seq := uint64(0)
	n.Call(func() {
		m := n.NewMsg(wire.TypeData, 1, 100)
		clear(m.Payload())
		keep := func() {
			seq++
			m.SetSeq(seq)
			r.Keep(m)
		}
		for range 1000 {
			keep()
		}
		if got := testing.AllocsPerRun(1000, keep); got != 0 {
			t.Errorf("%v allocations a message", got)
		}
	})
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
	if a.Len() != algos.MaxWants || a.Ignored() != algos.MaxWants {
		t.Errorf("%d are wanted, and %d were ignored", a.Len(), a.Ignored())
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

// A source goes as fast as the fastest of its node's peers, whichever of them has stopped. (It waited for the first that was
// full when all were, and for ever if that was the one that had stopped.)
func TestOfferIsNotHeldUp(t *testing.T) {
	const count = 500
	for stopped := range 3 {
		w := simtest.New(t, sim.Options{Core: core.Config{QueueMsgs: 10}})
		nodes := w.Add(4, func(int) core.Algorithm { return &offerer{full: make(map[core.NodeID]int)} })
		w.RunFor(time.Second)
		o := nodes[3].Algorithm().(*offerer)
		nobody := w.ID("nobody") // whom the offerer passes over
		o.peers = []core.NodeID{nobody, nodes[0].ID(), nodes[1].ID(), nodes[2].ID()}
		for i := range 3 {
			cost := time.Duration(1+i) * time.Millisecond
			if i == stopped {
				cost = 100 * time.Hour
			}
			w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Slow, Nodes: []string{fmt.Sprint("n", i)}, Cost: cost})
		}
		nodes[3].Core().AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: 10, Limit: count}))
		w.RunFor(2 * count * time.Millisecond)
		all := 0
		for i := range 3 {
			got := len(w.Saw(fmt.Sprint("n", i)).Type(wire.TypeData))
			if all += got; i != stopped && got < count/4 {
				t.Errorf("n%d has stopped, and n%d got %d of %d messages", stopped, i, got, count)
			}
			if told := o.full[nodes[i].ID()]; i == stopped && told < count-100 {
				t.Errorf("n%d has stopped, and full was called %d times of %d for it", i, told, count)
			}
		}
		if all < count {
			t.Errorf("n%d has stopped, and the others got %d messages of %d that are to go to one of them at least", stopped, all, count)
		}
		w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: []string{fmt.Sprint("n", stopped)}})
		w.RunFor(time.Minute)
	}
}
