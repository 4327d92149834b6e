package repro

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
)

// What the topologies carry. A unit of capacity is so many coded packets a second, headers
// included, and bounds are of the packets' payload: what coding costs in headers is in
// neither, and is 2.1% here.
const (
	GenerationK    = 64
	PacketPayload  = 5000
	PacketsPerUnit = 50
)

// unit is a unit of capacity as the rate of a link.
func unit() emul.Rate {
	g := coding.Generation{K: GenerationK, Size: PacketPayload, Last: PacketPayload}
	return emul.Rate(PacketsPerUnit * (wire.HeaderSize + g.VectorLen()))
}

// unitPayload is a unit in bytes of payload a second.
const unitPayload = PacketsPerUnit * PacketPayload

// Routing is how packets find their receivers.
type Routing string

// The two that are compared.
const (
	Routed   Routing = "routed" // plain routing over the trees that Topology.Trees packs
	Mixed    Routing = "coded"  // netcode.Multicast
	codedApp uint32  = 1
)

// TopologyPoint is one topology in one world: the bound, and what was measured. Figures
// are of the receiver that got least, in bytes of payload a second.
type TopologyPoint struct {
	Kind      string  `json:"kind"` // "topology"
	World     World   `json:"world"`
	Name      string  `json:"name"`
	Nodes     int     `json:"nodes"`
	Links     int     `json:"links"`
	MinCut    int     `json:"min_cut_units"`
	Trees     int     `json:"trees"` // that plain routing packs, of one unit each
	BoundPerS float64 `json:"bound_bytes_per_s"`
	Routed    float64 `json:"routed_bytes_per_s"`
	Coded     float64 `json:"coded_bytes_per_s"`
	Wrong     uint64  `json:"wrong_messages"`
	// Of the coded run, of the receiver that was worst off, in virtual time.
	DelayMean    float64 `json:"coded_delay_mean_s,omitempty"`
	DelayLongest float64 `json:"coded_delay_longest_s,omitempty"`
	Silence      float64 `json:"coded_silence_longest_s,omitempty"`
	// The same, routed.
	RoutedDelayMean float64 `json:"routed_delay_mean_s,omitempty"`
}

// Share is what coding reached of the bound.
func (p TopologyPoint) Share() float64 { return p.Coded / p.BoundPerS }

// TopologySpec is how topologies are run.
type TopologySpec struct {
	World World // Sim or Live
	Seed  uint64
	Window
}

// RunTopology measures a topology, routed and coded.
func RunTopology(ctx context.Context, t Topology, s TopologySpec) (TopologyPoint, error) {
	p := TopologyPoint{Kind: "topology", World: s.World, Name: t.Name, Nodes: t.Nodes, Links: len(t.Edges),
		MinCut: t.MinCut(), Trees: len(t.Trees())}
	p.BoundPerS = float64(p.MinCut) * unitPayload
	for _, how := range []Routing{Routed, Mixed} {
		results, err := t.run(ctx, s, how)
		if err != nil {
			return p, fmt.Errorf("%s, %s: %w", t.Name, how, err)
		}
		least := -1.0
		for _, r := range results {
			p.Wrong += r.WrongMessages
			if how == Mixed {
				p.DelayMean, p.DelayLongest, p.Silence = max(p.DelayMean, r.DelayMean), max(p.DelayLongest, r.DelayLongest), max(p.Silence, r.Silence)
			} else {
				p.RoutedDelayMean = max(p.RoutedDelayMean, r.DelayMean)
			}
			if least < 0 || r.UsefulPerS < least {
				least = r.UsefulPerS
			}
		}
		if how == Routed {
			p.Routed = least
		} else {
			p.Coded = least
		}
	}
	return p, nil
}

func (t Topology) run(ctx context.Context, s TopologySpec, how Routing) (results []NodeResult, err error) {
	var b bed
	switch s.World {
	case Sim:
		b = newSimBed(s.Seed)
	case Live:
		b, err = newLiveBed(s.Seed, engine.TCP)
	default:
		err = fmt.Errorf("topologies run in %s or %s, not %q", Sim, Live, s.World)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	trees := t.Trees()
	for n := t.Nodes - 1; n >= 0; n-- {
		r := t.role(n, how, trees, b.id)
		for _, e := range t.Edges {
			if e.From == n {
				r.links = append(r.links, linkSpec{b.id(nodeName(e.To)), linkOf(e)})
			}
		}
		if err := b.add(nodeName(n), r); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, n := range t.Receivers {
		names = append(names, nodeName(n))
	}
	return measure(ctx, b, []string{nodeName(0)}, names, s.Window)
}

func nodeName(n int) string { return "n" + strconv.Itoa(n) }

// role is what node n does.
func (t Topology) role(n int, how Routing, trees []Tree, id func(string) core.NodeID) role {
	k := &meter{}
	r := role{meter: k}
	if how == Routed {
		var routes []route
		for i, tree := range trees {
			way := route{app: uint32(i + 1)}
			for _, e := range tree {
				if t.Edges[e].From == n {
					way.to = append(way.to, id(nodeName(t.Edges[e].To)))
				}
			}
			routes = append(routes, way)
			if n == 0 {
				r.sources = append(r.sources, &stream{app: way.app, size: PacketPayload})
			}
		}
		r.alg = &router{meter: k, policy: waits, routes: routes}
		return r
	}
	r.alg = netcode.NewMulticast(t.session(n, k, id))
	if n == 0 {
		r.sources = []*stream{{app: codedApp, size: PacketPayload}}
	}
	return r
}

// session is what node n does when the topology is coded.
func (t Topology) session(n int, k *meter, id func(string) core.NodeID) netcode.Session {
	s := netcode.Session{App: codedApp, K: GenerationK}
	for _, e := range t.Edges {
		if e.From == n {
			s.Downstreams = append(s.Downstreams, id(nodeName(e.To)))
		}
	}
	for _, receiver := range t.Receivers {
		if receiver == n {
			s.Deliver = func(g coding.Generation, i int, packet []byte) {
				k.useful(codedApp, uint64(g.ID)*GenerationK+uint64(i), packet)
			}
		}
	}
	return s
}

func linkOf(e Edge) emul.Link { return emul.Link{Rate: emul.Rate(e.Capacity) * unit()} }
