package relay_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }

// counter is a sink that counts.
type counter struct{ n int }

func (c *counter) Consume(*core.Node, *core.Msg) { c.n++ }

func TestWhatGoesOn(t *testing.T) {
	for _, c := range []struct {
		typ       core.Type
		app       uint32
		goesOn    bool
		consumed  int
		unhandled uint64 // by Base
	}{
		{typ: wire.TypeData, app: 5, goesOn: true, consumed: 1},
		{typ: wire.TypeSessionEnd, app: 5}, // the switch tells those who had the session
		{typ: wire.FirstAlgorithmType, app: 5, goesOn: true},
		{typ: wire.FirstUserType, app: 5, goesOn: true},
		{typ: wire.FirstUserType, app: 0, unhandled: 1},
		{typ: wire.TypeControl, app: 0, unhandled: 1},
		{typ: wire.TypeControl, app: 5, unhandled: 1},
		{typ: wire.TypeJoin, app: 5},
		{typ: wire.TypeQuery, app: 5},
	} {
		t.Run(fmt.Sprintf("%v of %d", c.typ, c.app), func(t *testing.T) {
			w := coretest.New(t, core.Config{})
			var one, two coretest.Recorder
			var sink counter
			w.Node("one", &one)
			w.Node("two", &two)
			r := relay.New(&sink, w.ID("one"), w.ID("two"))
			w.Node("relay", r)
			up := w.Node("up", &coretest.Recorder{})
			w.Send(up, r.ID(), c.typ, c.app, 7, []byte("payload"))
			w.Run()
			for _, down := range []*coretest.Recorder{&one, &two} {
				want := coretest.Record{Type: c.typ, From: r.ID(), Sender: up.ID(), App: c.app, Seq: 7, Payload: "payload"}
				if got := down.Of(c.typ); (len(got) == 1 && got[0] == want) != c.goesOn {
					t.Errorf("%s got %+v", w.Name(down.ID()), got)
				}
			}
			if sink.n != c.consumed || r.Unhandled() != c.unhandled {
				t.Errorf("the sink got %d messages, want %d; %d unhandled, want %d", sink.n, c.consumed, r.Unhandled(), c.unhandled)
			}
		})
	}
}

// A session that is lost goes on once, passed on by the switch: not by the relay
// as well.
func TestBrokenSourceGoesOnOnce(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var leaf coretest.Recorder
	w.Node("leaf", &leaf)
	r := relay.New(nil, w.ID("leaf"))
	w.Node("relay", r)
	up := w.Node("up", &coretest.Recorder{})
	w.Send(up, r.ID(), wire.TypeData, 5, 0, nil)
	w.Run()
	up.Kill()
	w.Run()
	if got := leaf.Of(wire.TypeBrokenSource); len(got) != 1 || got[0].Sender != up.ID() || got[0].App != 5 {
		t.Errorf("the leaf got %+v", got)
	}
}

// Base hears what happens to a session that the relay passes on.
func TestBaseForgetsTheSource(t *testing.T) {
	w := coretest.New(t, core.Config{})
	r := relay.New(nil)
	w.Node("relay", r)
	up := w.Node("up", &coretest.Recorder{})
	w.Send(up, r.ID(), wire.TypeAnnounce, 0, 5<<32, nil)
	w.Run()
	if r.Source(5) != up.ID() {
		t.Fatalf("the source is %v", r.Source(5))
	}
	w.Send(up, r.ID(), wire.TypeBrokenSource, 5, 0, nil)
	w.Run()
	if !r.Source(5).IsZero() {
		t.Error("the source was lost and is still known")
	}
}

// In any acyclic topology with any number of sources, every node gets every
// message of a source once for each way that leads to it: whole, and in order if
// there is only one way. Queues are as short as they get.
func TestAnyTopology(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := coretest.New(t, core.Config{QueueMsgs: rapid.IntRange(1, 20).Draw(t, "queue"), Quantum: rapid.IntRange(1, 2000).Draw(t, "quantum")})
		n := rapid.IntRange(2, 8).Draw(t, "nodes")
		name := func(i int) string { return fmt.Sprint("n", i) }
		checkers := make([]*apps.Checker, n)
		nodes := make([]*core.Switch, n)
		ways := make([][]int, n) // ways[i][s]: how many lead from s to i
		downs := make([][]core.NodeID, n)
		for i := range n {
			ways[i] = make([]int, n)
			ways[i][i] = 1
			for _, up := range rapid.SliceOfNDistinct(rapid.IntRange(0, max(i-1, 0)), min(i, 1), min(i, 3), rapid.ID).Draw(t, "upstreams") {
				downs[up] = append(downs[up], w.ID(name(i)))
				for s := range ways[i] {
					ways[i][s] += ways[up][s]
				}
			}
		}
		for i := range n {
			checkers[i] = &apps.Checker{}
			nodes[i] = w.Node(name(i), relay.New(checkers[i], downs[i]...))
		}
		w.Run()
		sent := make([]uint64, n)
		for _, s := range rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 1, 3, rapid.ID).Draw(t, "sources") {
			sent[s] = rapid.Uint64Range(1, 100).Draw(t, "limit")
			stream := apps.Stream{App: uint32(s + 1), Payload: rapid.IntRange(0, 1000).Draw(t, "payload"), Limit: sent[s]}
			nodes[s].AddSource(stream.App, apps.NewBackToBack(stream))
		}
		w.Run()
		for i := range n {
			for s := range n {
				got := checkers[i].Session(nodes[s].ID(), uint32(s+1))
				if want := sent[s] * uint64(ways[i][s]); got.Messages != want || got.Lost != 0 || got.Corrupt != 0 {
					t.Fatalf("node %d got %+v from %d, want %d messages (%d ways)", i, got, s, want, ways[i][s])
				}
				if ways[i][s] == 1 && got.OutOfOrder != 0 {
					t.Fatalf("node %d got messages of %d out of order: %+v", i, s, got)
				}
			}
		}
	})
}

// A downstream that fails takes nothing from the others.
func TestDownstreamFails(t *testing.T) {
	w := coretest.New(t, core.Config{QueueMsgs: 4})
	var one, two apps.Checker
	w.Node("one", relay.New(&one))
	dying := w.Node("two", relay.New(&two))
	r := w.Node("relay", relay.New(nil, w.ID("nobody"), w.ID("two"), w.ID("one")))
	r.AddSource(5, apps.NewBackToBack(apps.Stream{App: 5, Payload: 5000, Limit: 1000}))
	for two.Tally().Messages < 100 {
		if !w.Step() {
			t.Fatal("nothing happens any more")
		}
	}
	dying.Kill()
	w.Run()
	if got := one.Tally(); got.Messages != 1000 || got.Lost != 0 || got.OutOfOrder != 0 {
		t.Errorf("the other downstream got %+v, want 1000 messages", got)
	}
}

func TestSetDownstreams(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var one, two coretest.Recorder
	w.Node("one", &one)
	w.Node("two", &two)
	r := relay.New(nil, w.ID("one"))
	w.Node("relay", r)
	up := w.Node("up", &coretest.Recorder{})
	for seq, downs := range [][]core.NodeID{{w.ID("one")}, {w.ID("two")}, {}, {w.ID("one"), w.ID("two")}} {
		r.SetDownstreams(downs...)
		w.Send(up, r.ID(), wire.TypeData, 5, uint64(seq), nil)
		w.Run()
	}
	seqs := func(r *coretest.Recorder) (s []uint64) {
		for _, g := range r.Of(wire.TypeData) {
			s = append(s, g.Seq)
		}
		return s
	}
	if !slices.Equal(seqs(&one), []uint64{0, 3}) || !slices.Equal(seqs(&two), []uint64{1, 3}) {
		t.Errorf("one got %v, two got %v", seqs(&one), seqs(&two))
	}
}

// chain is a source, relays and a sink, and a function that does one step of it.
func chain(t coretest.TB, relays, payload int, sink core.Sink) *coretest.World {
	w := coretest.New(t, core.Config{})
	w.Node("n0", relay.New(sink))
	for i := 1; i <= relays; i++ {
		w.Node(fmt.Sprint("n", i), relay.New(nil, w.ID(fmt.Sprint("n", i-1))))
	}
	first := w.Node("source", relay.New(nil, w.ID(fmt.Sprint("n", relays))))
	first.AddSource(5, apps.NewBackToBack(apps.Stream{App: 5, Payload: payload}))
	return w
}

func TestRelayAllocatesNothing(t *testing.T) {
	var sink counter
	w := chain(t, 3, 1000, &sink)
	for sink.n < 10_000 {
		w.Step()
	}
	if n := testing.AllocsPerRun(100, func() { w.Step() }); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}

func BenchmarkRelay(b *testing.B) {
	for _, relays := range []int{1, 8} {
		b.Run(fmt.Sprintf("relays=%d", relays), func(b *testing.B) {
			var sink counter
			w := chain(b, relays, 5120, &sink)
			b.SetBytes(5120)
			b.ReportAllocs()
			for sink.n < b.N {
				w.Step()
			}
		})
	}
}
