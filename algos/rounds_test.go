package algos_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// rounder notes when it was up, and when its rounds were.
type rounder struct {
	algos.Base
	up             []int
	spread, drifts []time.Duration
}

func (r *rounder) Bind(n *core.Node) {
	r.Base.Bind(n)
	r.OnUp(func() {
		r.up = append(r.up, 1)
		r.Rounds(time.Second, func() { r.spread = append(r.spread, r.Now()) })
		r.Drift(time.Second, func() { r.drifts = append(r.drifts, r.Now()) })
	})
	r.OnUp(func() { r.up = append(r.up, 2) })
}

// TestRounds: they begin when all are up, at a time of each node's own or with a period of its own, and keep the beat.
func TestRounds(t *testing.T) {
	w := simtest.New(t, sim.Options{Seed: 1})
	var rs []*rounder
	w.Add(20, func(int) core.Algorithm {
		rs = append(rs, &rounder{})
		return rs[len(rs)-1]
	})
	w.RunFor(10 * time.Second)
	begins, periods := make(map[time.Duration]bool), make(map[time.Duration]bool)
	for i, r := range rs {
		if !slices.Equal(r.up, []int{1, 2}) {
			t.Fatalf("node %d was up: %v", i, r.up)
		}
		if len(r.spread) != 10 || r.spread[0] >= time.Second || len(r.drifts) < 9 || r.drifts[0] < time.Second || r.drifts[0] >= 1100*time.Millisecond {
			t.Fatalf("node %d had rounds at %v and %v", i, r.spread, r.drifts)
		}
		for k := range r.spread {
			if r.spread[k] != r.spread[0]+time.Duration(k)*time.Second {
				t.Errorf("node %d has lost the beat: %v", i, r.spread)
			}
		}
		for k := range r.drifts {
			if r.drifts[k] != time.Duration(k+1)*r.drifts[0] {
				t.Errorf("node %d has lost the beat: %v", i, r.drifts)
			}
		}
		begins[r.spread[0]], periods[r.drifts[0]] = true, true
	}
	if len(begins) < 15 || len(periods) < 10 {
		t.Errorf("the nodes have %d beginnings and %d periods: not their own", len(begins), len(periods))
	}
}

// TestQuota: never more than the bounds, and all of them again when it is given back.
func TestQuota(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := algos.Quota[int]{Most: rapid.IntRange(1, 5).Draw(t, "most"), Each: rapid.IntRange(1, 3).Draw(t, "each")}
		var open []int
		count := func(who int) (n int) {
			for _, o := range open {
				if o == who {
					n++
				}
			}
			return n
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			who := rapid.IntRange(0, 3).Draw(t, "who")
			if i := slices.Index(open, who); i >= 0 && rapid.Bool().Draw(t, "give") {
				q.Give(who)
				open = slices.Delete(open, i, i+1)
				continue
			}
			room := len(open) < q.Most && count(who) < q.Each
			if got := q.Take(who); got != room {
				t.Fatalf("%d takes one: %v, want %v; open are %v of %d and %d", who, got, room, open, q.Most, q.Each)
			}
			if room {
				open = append(open, who)
			}
			if q.Open() != len(open) {
				t.Fatalf("%d are open, want %d", q.Open(), len(open))
			}
		}
	})
}

// mixed is a body with all that could be left over from the message before.
type mixed struct {
	Who   core.NodeID
	Text  string
	Bytes []byte
	Nodes []core.NodeID
	Name  algos.MsgID
	Peer  algos.Peer
}

func (x *mixed) Fields(f *pack.Fields) {
	f.Node(&x.Who)
	f.String(&x.Text)
	f.Bytes(&x.Bytes)
	f.Nodes(&x.Nodes)
	x.Name.Fields(f)
	x.Peer.Fields(f)
}

// TestOnLent: a body that is read into again has nothing of the message before, and one of a long message is not kept.
func TestOnLent(t *testing.T) {
	w := coretest.New(t, core.Config{})
	a, b := &algos.Base{}, &algos.Base{}
	w.Node("a", a)
	w.Node("b", b)
	var got []mixed
	var bodies []*mixed
	w.Call(b, func() {
		algos.OnLent(b, 2000, func(_ *core.Msg, x *mixed) {
			x2 := *x
			x2.Nodes = slices.Clone(x.Nodes)
			got, bodies = append(got, x2), append(bodies, x)
		})
	})
	id := nodeID(7)
	sent := []mixed{
		{id, "text", []byte{1}, []core.NodeID{id, id, {}}, algos.MsgID{Maker: id, App: 1, Seq: 2}, algos.PeerOf(id)},
		{},
		{Nodes: []core.NodeID{{}, id}},
		{Bytes: make([]byte, 5000)},
		{Text: "short again"},
	}
	for i := range sent {
		w.Call(a, func() { a.Post(b.ID(), 2000, &sent[i]) })
		w.RunFor(0)
	}
	w.Send(a, b.ID(), 2000, 0, 0, []byte{3})
	w.RunFor(0)
	if len(got) != len(sent) || b.BadMessages() != 1 {
		t.Fatalf("%d of %d came, and %d bad ones", len(got), len(sent), b.BadMessages())
	}
	for i, x := range got {
		if x.Who != sent[i].Who || x.Text != sent[i].Text || len(x.Bytes) != len(sent[i].Bytes) || !slices.Equal(x.Nodes, sent[i].Nodes) || x.Name != sent[i].Name || x.Peer != sent[i].Peer {
			t.Errorf("message %d is %+v, want %+v", i, x, sent[i])
		}
	}
	if bodies[0] != bodies[1] || bodies[0] != bodies[4] || bodies[0] == bodies[3] {
		t.Errorf("the bodies are %p: all but that of the long message should be one", bodies)
	}
}

// TestAskAgain asks as often as it may, and stops at an answer or at another error than silence.
func TestAskAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		silent int // times
		tries  int
		asked  int
		want   error
	}{
		{"at once", 0, 3, 1, nil},
		{"the third time", 2, 3, 3, nil},
		{"never", 9, 3, 3, algos.ErrTimeout},
		{"one time only", 9, 1, 1, algos.ErrTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := coretest.New(t, core.Config{})
			a, b := &algos.Base{}, &algos.Base{}
			w.Node("a", a)
			w.Node("b", b)
			asked, ends := 0, 0
			w.Call(b, func() {
				algos.Answer(b, typeDouble, func(_ *core.Msg, q *number) *number {
					if asked++; asked <= c.silent {
						return nil
					}
					return q
				})
			})
			w.Call(a, func() {
				algos.AskAgain(a, b.ID(), typeDouble, &number{4}, time.Second, c.tries, func(r *number, err error) {
					if ends++; !errors.Is(err, c.want) || err == nil && r.N != 4 {
						t.Errorf("ended with %v, %v", r, err)
					}
				})
			})
			w.RunFor(10 * time.Second)
			if asked != c.asked || ends != 1 {
				t.Errorf("asked %d times, ended %d times; want %d and once", asked, ends, c.asked)
			}
		})
	}
	w := coretest.New(t, core.Config{})
	a := &algos.Base{}
	w.Node("a", a)
	w.Call(a, func() {
		algos.AskAgain(a, a.ID(), typeDouble, &number{}, time.Second, 5, func(_ *number, err error) {
			if !errors.Is(err, algos.ErrNoPeer) {
				t.Errorf("ended with %v", err)
			}
		})
	})
	w.RunFor(10 * time.Second)
	if s := a.CallStats(); s.Made != 1 {
		t.Errorf("%d calls of a node to itself", s.Made)
	}
}

// TestTelling tells of all that is kept, in pages, once; a telling that begins again or is ended stops the one before.
func TestTelling(t *testing.T) {
	const kept = 1200
	w := coretest.New(t, core.Config{})
	a := &algos.Base{}
	w.Node("a", a)
	peer := &coretest.Recorder{}
	w.Node("peer", peer)
	recent := algos.Recent{Max: 2048}
	w.Call(a, func() {
		for seq := range uint64(kept) {
			m := a.NewMsg(wire.TypeData, 1, 0)
			m.SetSeq(seq)
			recent.Keep(m)
		}
	})
	tells := algos.Telling{Base: a, Kept: &recent, Wait: time.Second, Type: 2000}
	told := func() (pages int, names map[uint64]int) {
		names = make(map[uint64]int)
		for _, r := range peer.Of(2000) {
			var ids algos.MsgIDs
			if err := pack.Read([]byte(r.Payload), &ids); err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				names[id.Seq]++
			}
			pages++
		}
		return pages, names
	}
	w.Call(a, func() { tells.Tell(core.NodeID{}); tells.Tell(peer.ID()) })
	w.RunFor(time.Minute)
	pages, names := told()
	if pages != 3 || len(names) != kept {
		t.Fatalf("%d pages named %d messages, want 3 and %d", pages, len(names), kept)
	}
	w.Call(a, func() { tells.Tell(peer.ID()); tells.Tell(peer.ID()) }) // two first pages, then two more
	w.RunFor(time.Minute)
	if pages, _ := told(); pages != 3+4 {
		t.Errorf("one begun twice took %d pages, want 4", pages-3)
	}
	w.Call(a, func() { tells.Tell(peer.ID()); tells.End(peer.ID()) })
	w.RunFor(time.Minute)
	if pages, _ := told(); pages != 3+4+1 {
		t.Errorf("one that was ended took %d pages, want 1", pages-7)
	}
	if a.Unposted() != 0 {
		t.Errorf("%d pages were for nobody", a.Unposted())
	}
}
