package repro

import (
	"fmt"
	"slices"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
)

// Case is one of the two runs of Fig. 4.
type Case string

// The cases.
const (
	Uncoded Case = "uncoded" // Fig. 4(a): D passes on as much of both streams as its uplink takes
	Coded   Case = "coded"   // Fig. 4(b): D sends their sum
)

// The streams, as applications.
const (
	streamA  uint32 = 1
	streamB  uint32 = 2
	streamAB uint32 = 3
)

// fig4Order is the nodes of Fig. 4, each behind those that it sends to.
var fig4Order = []string{"G", "F", "E", "D", "C", "B", "A"}

// Paper is what section 3.1 says that nodes receive, in bytes a second.
var Paper = map[Case]map[string]float64{
	Uncoded: {"D": 400e3, "E": 200e3, "F": 300e3, "G": 300e3},
	Coded:   {"D": 400e3, "E": 0, "F": 400e3, "G": 400e3},
}

// Fig4Payload is the payload of a message, in bytes: the paper's unit of data.
const Fig4Payload = 5000

// role is what one node of an experiment is.
type role struct {
	alg       core.Algorithm
	again     func() core.Algorithm // makes it anew if the node crashes; nil: it does not
	meter     *meter
	bandwidth emul.Bandwidth
	links     []linkSpec
	sources   []*stream
}

// linkSpec is the emulation of one link.
type linkSpec struct {
	to   core.NodeID
	link emul.Link
}

// fig4Role is a node of Fig. 4. The IDs of the nodes that it sends to must be known.
func fig4Role(c Case, name string, id func(string) core.NodeID) (role, error) {
	k := &meter{}
	router := func(p policy, routes ...route) core.Algorithm { return &router{meter: k, policy: p, routes: routes} }
	to := func(app uint32, names ...string) route {
		r := route{app: app}
		for _, n := range names {
			r.to = append(r.to, id(n))
		}
		return r
	}
	r := role{meter: k}
	streams := []uint32{streamA, streamB}
	switch name {
	case "A":
		r.alg = router(waits, to(streamA, "B"), to(streamB, "C"))
		r.bandwidth = emul.Bandwidth{Up: 400 * emul.KBps}
		r.sources = []*stream{{app: streamA, size: Fig4Payload}, {app: streamB, size: Fig4Payload}}
	case "B":
		r.alg = router(waits, to(streamA, "D", "F"))
	case "C":
		r.alg = router(waits, to(streamB, "D", "G"))
	case "D":
		r.bandwidth = emul.Bandwidth{Up: 200 * emul.KBps}
		r.alg = router(drops, to(streamA, "E"), to(streamB, "E"))
		if c == Coded {
			sum := netcode.Out{App: streamAB, Coefs: []byte{1, 1}, To: []core.NodeID{id("E")}}
			r.alg = &watched{netcode.NewLinear(streams, sum), k}
		}
	case "E": // to each what it does not get elsewhere
		r.alg = router(waits, to(streamA, "G"), to(streamB, "F"), to(streamAB, "F", "G"))
	case "F":
		r.alg = router(waits)
		if c == Coded {
			r.alg = &watched{netcode.NewSolver(streams, []uint32{streamA, streamAB}, k), k}
		}
	case "G":
		r.alg = router(waits)
		if c == Coded {
			r.alg = &watched{netcode.NewSolver(streams, []uint32{streamB, streamAB}, k), k}
		}
	default:
		return role{}, fmt.Errorf("no node %q in Fig. 4, which has A to G", name)
	}
	return r, nil
}

// fig4Downstreams are the nodes that a node sends to: the edges of Fig. 4.
func fig4Downstreams(name string) []string {
	return map[string][]string{"A": {"B", "C"}, "B": {"D", "F"}, "C": {"D", "G"}, "D": {"E"}, "E": {"F", "G"}}[name]
}

// Fig4Nodes are the names of the nodes, in alphabetical order.
func Fig4Nodes() []string { return slices.Sorted(slices.Values(fig4Order)) }
