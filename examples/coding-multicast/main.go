// A coding multicast in one process: nodes a and b send a stream each, d sends their sum
// over the one link that both receivers share, and f and g get both streams.
//
//	a ──▶ f, d    b ──▶ g, d    d ──a+b──▶ f, g
package main

import (
	"fmt"
	"log"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// The streams are applications: two originals, and their sum.
const a, b, sum uint32 = 1, 2, 3

// Sum is the whole coding algorithm: a rule for messages of one number.
type Sum struct {
	netcode.Coder
	To []core.NodeID
}

// NewSum makes a node that sends a+b.
func NewSum(to ...core.NodeID) *Sum {
	s := &Sum{To: to}
	s.Streams = []uint32{a, b}
	s.Rule = func(set *netcode.Set) { set.Emit(sum, []byte{1, 1}, s.To...) }
	return s
}

// Counter is a sink that says when it has got all that it waits for.
type Counter struct {
	apps.Checker
	Left int
	Done chan struct{}
}

// Consume implements core.Sink.
func (c *Counter) Consume(n *core.Node, m *core.Msg) {
	c.Checker.Consume(n, m)
	if c.Left--; c.Left == 0 {
		close(c.Done) //ioverlay:impure main waits for it; nothing is decided by it
	}
}

func main() {
	const messages = 1000
	eng, err := engine.New(engine.Options{Links: engine.Mem})
	if err != nil {
		log.Fatal(err)
	}
	add := func(alg core.Algorithm) *engine.Node {
		n, err := eng.AddNode(alg, engine.NodeOptions{})
		if err != nil {
			log.Fatal(err)
		}
		return n
	}
	f := &Counter{Left: 2 * messages, Done: make(chan struct{})}
	g := &Counter{Left: 2 * messages, Done: make(chan struct{})}
	fNode := add(netcode.NewSolver([]uint32{a, b}, []uint32{a, sum}, f))
	gNode := add(netcode.NewSolver([]uint32{a, b}, []uint32{b, sum}, g))
	d := add(NewSum(fNode.ID(), gNode.ID()))
	for app, receiver := range map[uint32]*engine.Node{a: fNode, b: gNode} {
		source := apps.NewBackToBack(apps.Stream{App: app, Payload: 1000, Limit: messages})
		if err := add(relay.New(nil, receiver.ID(), d.ID())).Do(func(n *core.Node) { n.AddSource(app, source) }); err != nil {
			log.Fatal(err)
		}
	}
	<-f.Done
	<-g.Done
	eng.Close()
	fmt.Println("f and g have", messages, "messages of both streams")
}
