package plumtree

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
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
