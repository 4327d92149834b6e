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
	Routed   Routing = "routed" // plain routing over the trees that Topology.Pack finds
	Mixed    Routing = "coded"  // netcode.Multicast
	codedApp uint32  = 1
)

// TopologyPoint is one topology in one world: the bounds, and what was measured. Figures
// are of the receiver that is worst off, in bytes of payload a second and in seconds of virtual time.
type TopologyPoint struct {
	Kind       string  `json:"kind"` // "topology"
	World      World   `json:"world"`
	Seed       uint64  `json:"seed"`
	Name       string  `json:"name"`
	Nodes      int     `json:"nodes"`
	Links      int     `json:"links"`
	Loss       float64 `json:"loss,omitempty"`          // of each link, as a share
	CrashEvery float64 `json:"crash_every_s,omitempty"` // of a relay, which then is down for DownFor
	DownFor    float64 `json:"down_for_s,omitempty"`
	MinCut     int     `json:"min_cut_units"`
	Packed     float64 `json:"packed_units"` // the most that plain routing can carry
	Trees      int     `json:"trees"`        // that it takes
	Gain       float64 `json:"coding_gain"`  // of the bounds: min cut over packed

	BoundPerS    float64 `json:"bound_bytes_per_s"`    // of coding: the min cut, less what is lost
	RoutablePerS float64 `json:"routable_bytes_per_s"` // of routing: the packing, less what is lost
	Routed       float64 `json:"routed_bytes_per_s"`
	Coded        float64 `json:"coded_bytes_per_s"`
	Wrong        uint64  `json:"wrong_messages"`

	DelayMean    float64 `json:"coded_delay_mean_s,omitempty"`
	DelayLongest float64 `json:"coded_delay_longest_s,omitempty"`
	Silence      float64 `json:"coded_silence_longest_s,omitempty"`

	RoutedDelayMean    float64 `json:"routed_delay_mean_s,omitempty"`
	RoutedDelayLongest float64 `json:"routed_delay_longest_s,omitempty"`
	RoutedSilence      float64 `json:"routed_silence_longest_s,omitempty"`
}

// Share is what coding reached of its bound.
func (p TopologyPoint) Share() float64 { return p.Coded / p.BoundPerS }

// RoutedShare is what routing reached of its own.
func (p TopologyPoint) RoutedShare() float64 { return p.Routed / p.RoutablePerS }

// TopologySpec is how topologies are run.
type TopologySpec struct {
	World World // Sim or Live
	Seed  uint64
	Loss  float64 // of each link: a share of its messages
	Churn         // in Sim, and without Loss
	Window
}

func (s TopologySpec) absences(t Topology) []absence {
	return s.Churn.absences(t, s.Seed, s.Warmup+s.Duration)
}

// RunTopology measures a topology, routed and coded.
//
// Routing is given all it can have: the optimal packing of trees, sources that send over each
// tree exactly what the packing says, and, where links lose, retransmission on each link by itself,
// which loses no more than the links do. But trees stay what they are when a relay crashes.
func RunTopology(ctx context.Context, t Topology, s TopologySpec) (TopologyPoint, error) {
	p := TopologyPoint{Kind: "topology", World: s.World, Seed: s.Seed, Name: t.Name, Nodes: t.Nodes, Links: len(t.Edges),
		Loss: s.Loss, MinCut: t.MinCut()}
	p.CrashEvery, p.DownFor = s.Every.Seconds(), s.Down.Seconds()
	if err := s.Churn.check(); err != nil {
		return p, err
	}
	if s.Every > 0 && (s.World != Sim || s.Loss > 0) {
		return p, fmt.Errorf("relays crash in %s only, and where links do not lose", Sim)
	}
	packing, err := t.Pack()
	if err != nil {
		return p, err
	}
	if len(packing.Trees) == 0 {
		return p, fmt.Errorf("%s: not all receivers can be reached", t.Name)
	}
	p.Packed, p.Trees = packing.Units(), len(packing.Trees)
	p.Gain = float64(p.MinCut) / p.Packed
	coding, routing := t.bounds(packing, s.absences(t), s.Window)
	p.BoundPerS, p.RoutablePerS = coding*unitPayload*(1-s.Loss), routing*unitPayload*(1-s.Loss)
	for _, how := range []Routing{Routed, Mixed} {
		results, err := t.run(ctx, s, how, packing)
		if err != nil {
			return p, fmt.Errorf("%s, %s: %w", t.Name, how, err)
		}
		p.take(how, results)
	}
	return p, nil
}

// take takes what receivers got.
func (p *TopologyPoint) take(how Routing, results []NodeResult) {
	least, mean, longest, silence := &p.Routed, &p.RoutedDelayMean, &p.RoutedDelayLongest, &p.RoutedSilence
	if how == Mixed {
		least, mean, longest, silence = &p.Coded, &p.DelayMean, &p.DelayLongest, &p.Silence
	}
	for i, r := range results {
		p.Wrong += r.WrongMessages
		if i == 0 || r.UsefulPerS < *least {
			*least = r.UsefulPerS
		}
		*mean, *longest, *silence = max(*mean, r.DelayMean), max(*longest, r.DelayLongest), max(*silence, r.Silence)
	}
}

func (t Topology) run(ctx context.Context, s TopologySpec, how Routing, packing Packing) (results []NodeResult, err error) {
	var b bed
	switch s.World {
	case Sim:
		virtual := newSimBed(s.Seed)
		virtual.world.Schedule(faults(s.absences(t))...)
		b = virtual
	case Live:
		b, err = newLiveBed(s.Seed, engine.TCP)
	default:
		err = fmt.Errorf("topologies run in %s or %s, not %q", Sim, Live, s.World)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for n := t.Nodes - 1; n >= 0; n-- {
		r := t.role(n, s, how, packing, b.id)
		for _, e := range t.Edges {
			if e.From == n {
				r.links = append(r.links, linkSpec{b.id(nodeName(e.To)), linkOf(e, s.Loss)})
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
func (t Topology) role(n int, s TopologySpec, how Routing, packing Packing, id func(string) core.NodeID) role {
	k := &meter{}
	r := role{meter: k}
	if how == Mixed {
		r.again = func() core.Algorithm { return netcode.NewMulticast(t.session(n, k, id)) }
		r.alg = r.again()
		if n == 0 {
			r.sources = []*stream{{app: codedApp, size: PacketPayload}}
		}
		return r
	}
	var routes []route
	for i, tree := range packing.Trees {
		way := route{app: uint32(i + 1)}
		for _, e := range tree {
			if t.Edges[e].From == n {
				way.to = append(way.to, id(nodeName(t.Edges[e].To)))
			}
		}
		routes = append(routes, way)
		if n == 0 {
			rate := float(packing.Flows[i]) * PacketsPerUnit * (1 - s.Loss)
			r.sources = append(r.sources, &stream{app: way.app, size: PacketPayload, rate: rate})
		}
	}
	r.again = func() core.Algorithm {
		switch {
		case s.Loss > 0:
			return newResender(k, routes)
		case s.Every > 0: // who waits for a relay that is down waits with everybody
			return &router{meter: k, policy: drops, routes: routes}
		}
		return &router{meter: k, policy: waits, routes: routes}
	}
	r.alg = r.again()
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

func linkOf(e Edge, loss float64) emul.Link {
	return emul.Link{Rate: emul.Rate(e.Capacity) * unit(), Loss: loss}
}
