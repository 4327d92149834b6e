package algos_test

import (
	"fmt"
	"log"
	"sync"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
)

// The algorithms of docs/algorithm.md, run live. The text quotes this file and
// algorithms_test.go; TestDocQuotesCode holds it to that.

// Splitter sends the messages with even numbers one way and the odd ones another.
type Splitter struct {
	algos.Base
	Even, Odd core.NodeID
}

// Process implements core.Algorithm.
func (s *Splitter) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return s.Base.Process(m) // everything else: the default
	}
	if m.Seq()%2 == 0 {
		s.Send(m, s.Even)
	} else {
		s.Send(m, s.Odd)
	}
	return core.Done
}

// Goal is a sink that says when it has got the messages that it waits for.
type Goal struct {
	Left int
	Last uint64
	Done chan struct{}
}

// Consume implements core.Sink.
func (g *Goal) Consume(_ *core.Node, m *core.Msg) {
	g.Last = m.Seq()
	if g.Left--; g.Left == 0 {
		close(g.Done)
	}
}

// Three nodes in one process: a splitter with a source, and two leaves.
func Example() {
	eng, err := engine.New(engine.Options{Links: engine.Mem})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()

	even := &Goal{Left: 500, Done: make(chan struct{})}
	odd := &Goal{Left: 500, Done: make(chan struct{})}
	evenNode := start(eng, relay.New(even))
	oddNode := start(eng, relay.New(odd))
	split := start(eng, &Splitter{Even: evenNode.ID(), Odd: oddNode.ID()})

	source := apps.NewBackToBack(apps.Stream{App: 1, Payload: 1000, Limit: 1000})
	if err := split.Do(func(n *core.Node) { n.AddSource(1, source) }); err != nil {
		log.Fatal(err)
	}
	<-even.Done
	<-odd.Done
	fmt.Println("the last even message is", even.Last)
	fmt.Println("the last odd message is", odd.Last)
	// Output:
	// the last even message is 998
	// the last odd message is 999
}

// start adds a node to an engine.
func start(eng *engine.Engine, alg core.Algorithm) *engine.Node {
	n, err := eng.AddNode(alg, engine.NodeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	return n
}

// Gossip is multicast without a tree: who sees a message for the first time passes
// it on to each node that it knows, with probability P.
type Gossip struct {
	algos.Base
	P         float64
	Sink      core.Sink // may be nil
	Delivered uint64
}

// Process implements core.Algorithm.
func (g *Gossip) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return g.Base.Process(m)
	}
	if !g.Fresh(m) {
		return core.Done // seen before: this is what ends the flood
	}
	g.Delivered++
	if g.Sink != nil {
		g.Sink.Consume(g.Node, m)
	}
	g.Disseminate(m, g.P, g.Known()...)
	return core.Done
}

// Arrivals is a sink that counts a WaitGroup down.
type Arrivals struct{ *sync.WaitGroup }

// Consume implements core.Sink.
func (a Arrivals) Consume(*core.Node, *core.Msg) { a.Done() }

// Twenty nodes in a circle, each of which knows the two before it. One of them has
// a source, and every message reaches all.
func ExampleBase_Disseminate() {
	eng, err := engine.New(engine.Options{Links: engine.Mem})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()

	const nodes, messages = 20, 10
	var arrivals sync.WaitGroup
	arrivals.Add(nodes * messages)
	gossips := make([]*Gossip, nodes)
	running := make([]*engine.Node, nodes)
	for i := range gossips {
		gossips[i] = &Gossip{P: 1, Sink: Arrivals{&arrivals}}
		running[i] = start(eng, gossips[i])
	}
	for i, n := range running {
		before, beforeThat := running[(i+nodes-1)%nodes].ID(), running[(i+nodes-2)%nodes].ID()
		if err := n.Do(func(*core.Node) { gossips[i].AddHost(before); gossips[i].AddHost(beforeThat) }); err != nil {
			log.Fatal(err)
		}
	}

	source := apps.NewBackToBack(apps.Stream{App: 1, Payload: 100, Limit: messages})
	if err := running[7].Do(func(n *core.Node) { n.AddSource(1, source) }); err != nil {
		log.Fatal(err)
	}
	arrivals.Wait()
	for _, i := range []int{0, 7, 19} {
		_ = running[i].Do(func(*core.Node) {
			fmt.Printf("node %d got %d messages\n", i, gossips[i].Delivered)
		})
	}
	// Output:
	// node 0 got 10 messages
	// node 7 got 10 messages
	// node 19 got 10 messages
}
