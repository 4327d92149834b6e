package algos_test

import (
	"cmp"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// member is a node on the smallest of rings: each knows the one after it.
type member struct {
	algos.Base
	after  algos.Arc
	router algos.Router
}

func (x *member) Bind(n *core.Node) {
	x.Base.Bind(n)
	x.router = algos.Router{Base: &x.Base, Type: wire.FirstUserType, Timeout: time.Second, Tries: 1}
	x.router.Next = func(key algos.Key, except core.NodeID) (algos.Peer, bool) { return x.after.Toward(key, except, nil) }
	x.router.Silent = func(algos.Peer) {}
	x.router.Failed = func(p algos.Peer) { x.after.Remove(p.ID) }
	x.router.Open()
}

// Five nodes on a ring find the owner of a key.
func ExampleRouter() {
	w := sim.New(sim.Options{Seed: 1})
	ring := make([]*member, 5)
	for i := range ring {
		ring[i] = &member{}
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return ring[i] })
	}
	slices.SortFunc(ring, func(a, b *member) int { return cmp.Compare(algos.KeyOfNode(a.ID()), algos.KeyOfNode(b.ID())) })
	for i, x := range ring {
		x.after = algos.Arc{Self: algos.PeerOf(x.ID()), Max: 1}
		x.after.Set(algos.PeerOf(ring[(i+1)%len(ring)].ID()))
	}
	w.Node(w.Name(ring[0].ID())).Core().Call(func() {
		ring[0].router.Lookup(algos.KeyOfNode(ring[4].ID()), func(f *algos.Found, err error) {
			fmt.Println("found:", f.Owner.ID == ring[4].ID(), "- passed on", f.Hops, "times, error:", err)
		})
	})
	if err := w.RunFor(time.Second); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: found: true - passed on 3 times, error: <nil>
}
