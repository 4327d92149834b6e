package algos_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// asking is Base that writes down who answers.
type asking struct {
	algos.Base
	answers []core.NodeID
}

func (a *asking) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeQueryAck {
		a.answers = append(a.answers, m.Sender())
	}
	return a.Base.Process(m)
}

// A query finds exactly the members within its reach, and each answers once.
// Members do not pass it on.
func TestQueryFindsMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := coretest.New(t, core.Config{})
		n := rapid.IntRange(2, 12).Draw(t, "nodes")
		nodes := make([]*asking, n)
		member := make([]bool, n)
		knows := make([][]int, n)
		for i := range nodes {
			nodes[i] = &asking{}
			w.Node(nodeID(i).String(), nodes[i])
			knows[i] = rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 4).Draw(t, "knows")
			for _, j := range knows[i] {
				nodes[i].AddHost(nodeID(j))
			}
			if member[i] = i > 0 && rapid.Bool().Draw(t, "member"); member[i] {
				nodes[i].Join(5)
			}
		}
		ttl := rapid.IntRange(1, 6).Draw(t, "ttl")
		w.Call(nodes[0], func() { nodes[0].Ask(5, ttl) })
		w.Run()

		want := reach(knows, member, ttl)
		got := slices.Clone(nodes[0].answers)
		slices.SortFunc(got, core.NodeID.Compare)
		if !slices.Equal(got, want) {
			t.Fatalf("answers from %v, want %v", got, want)
		}
		if c := nodes[0].Contact(5); len(want) > 0 && c != nodes[0].answers[0] || len(want) == 0 && !c.IsZero() {
			t.Fatalf("contact %v, answers %v", c, nodes[0].answers)
		}
	})
}

// reach lists the members that are at most ttl hops from node 0 by way of nodes
// that are none.
func reach(knows [][]int, member []bool, ttl int) (found []core.NodeID) {
	near := map[int]bool{0: true}
	for range ttl {
		next := map[int]bool{}
		for i := range knows {
			if !near[i] || member[i] {
				continue
			}
			for _, j := range knows[i] {
				next[j] = true
			}
		}
		for j := range next {
			near[j] = true
		}
	}
	for i := range knows {
		if near[i] && member[i] {
			found = append(found, nodeID(i))
		}
	}
	return found
}

// A query that comes the long way first is passed on again when it comes the
// short way, and only then; a member answers once all the same.
func TestQueryComesTheLongWayFirst(t *testing.T) {
	p := newPair(t, core.Config{})
	var next coretest.Recorder
	p.node.AddHost(p.World.Node("next", &next).ID())
	asker := p.World.Node("asker", &coretest.Recorder{})
	type payload struct {
		Asker core.NodeID `cbor:"asker"`
		TTL   int         `cbor:"ttl"`
	}
	for _, c := range []struct{ ttl, relayed int }{{1, 0}, {3, 1}, {2, 1}, {3, 1}, {5, 2}} {
		p.tell(wire.TypeQuery, 5, algos.Encode(payload{asker.ID(), c.ttl}))
		if got := len(next.Of(wire.TypeQuery)); got != c.relayed {
			t.Errorf("after a query with ttl %d, %d were passed on, want %d", c.ttl, got, c.relayed)
		}
	}
	p.node.Join(6)
	for _, ttl := range []int{1, 5} {
		p.tell(wire.TypeQuery, 6, algos.Encode(payload{asker.ID(), ttl}))
	}
	answers := asker.Algorithm().(*coretest.Recorder).Of(wire.TypeQueryAck)
	if len(answers) != 1 || answers[0].Seq != 6<<32 || answers[0].Sender != p.node.ID() {
		t.Errorf("answers %+v, want one, with the query's number", answers)
	}
}

// An algorithm that decides itself where a query goes (paper, section 3.2).
func TestQueryInTheAlgorithmsHands(t *testing.T) {
	p := newPair(t, core.Config{})
	var next coretest.Recorder
	nextID := p.World.Node("next", &next).ID()
	var q algos.Query
	p.peer.Handle = func(m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeQuery {
			var err error
			if q, err = algos.ParseQuery(m); err != nil {
				t.Error(err)
			}
		}
		return core.Done
	}
	p.node.AddHost(p.peer.ID())
	p.Call(p.node, func() { p.node.Ask(5, 3) })
	p.Run()
	if q.App != 5 || q.Asker != p.node.ID() || q.TTL != 2 {
		t.Fatalf("the query says %+v", q)
	}
	var relay algos.Base
	p.World.Node("relay", &relay)
	p.Call(&relay, func() {
		if sent := relay.RelayQuery(q, nextID, relay.ID(), q.Asker); sent != 1 {
			t.Errorf("relayed to %d, want 1", sent)
		}
		relay.AnswerQuery(q)
	})
	p.Run()
	if len(next.Of(wire.TypeQuery)) != 1 || p.node.Contact(5) != relay.ID() {
		t.Errorf("%d queries relayed, contact %v", len(next.Of(wire.TypeQuery)), p.node.Contact(5))
	}
}

func TestAskMisuse(t *testing.T) {
	p := newPair(t, core.Config{})
	for name, ask := range map[string]func(){
		"ttl 0":     func() { p.node.Ask(5, 0) },
		"ttl 33":    func() { p.node.Ask(5, algos.MaxQueryTTL+1) },
		"session 0": func() { p.node.Ask(0, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			ask()
		}()
	}
}
