package repro

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
)

// DelayCase is a topology with its links and a load, over which ways to multicast are compared by the delay of each message.
type DelayCase struct {
	Name string
	Topology
	Latency time.Duration // of each link
	Loss    float64       // of each link, both ways
	Load    float64       // in units
}

// DelayCases are the butterfly near what trees carry at most, and a chain of links that lose.
func DelayCases() []DelayCase {
	chain := Topology{Name: "chain", Nodes: 5, Receivers: []int{4}}
	for n := range 4 {
		chain.Edges = append(chain.Edges, Edge{n, n + 1, 2})
	}
	return []DelayCase{
		{"butterfly", Butterfly(), 10 * time.Millisecond, 0, 1.4},
		{"chain of 4", chain, 25 * time.Millisecond, 0.05, 1.4},
	}
}

// DelayWay is how messages find their receivers, with its parameters.
type DelayWay struct {
	Name       string
	Generation int                    // of netcode.Multicast; 0: not that
	Window     *netcode.WindowSession // of netcode.Window; nil: not that
	Again      bool                   // routed, with retransmission on each link by itself
}

// DelayWays are the ways that are compared, in the order of the chart.
func DelayWays() []DelayWay {
	const deadline = 300 * time.Millisecond
	return []DelayWay{
		{Name: "routed"},
		{Name: "routed, sent again", Again: true},
		{Name: "generations of 32", Generation: 32},
		{Name: "generations of 8", Generation: 8},
		{Name: "window", Window: &netcode.WindowSession{Overhead: 0.1}},
		{Name: "window, no feedback", Window: &netcode.WindowSession{Overhead: 0.25, Rateless: true, Deadline: deadline}},
	}
}

// DelayPoint is one way in one case. Delays are of all messages at all receivers, each from when the source made it to when it was
// delivered, in seconds of virtual time; rates and silence of the receiver that is worst off.
type DelayPoint struct {
	Kind      string    `json:"kind"` // "delay"
	Seed      uint64    `json:"seed"`
	Case      string    `json:"case"`
	Way       string    `json:"way"`
	Offered   float64   `json:"offered_bytes_per_s"`
	Goodput   float64   `json:"goodput_bytes_per_s"`
	Delivered float64   `json:"delivered"` // share of the messages made in the window
	P50       float64   `json:"p50_s"`
	P95       float64   `json:"p95_s"`
	P99       float64   `json:"p99_s"`
	Longest   float64   `json:"longest_s"`
	Silence   float64   `json:"silence_longest_s"`
	Wrong     uint64    `json:"wrong_messages"`
	Quantiles []float64 `json:"delay_quantiles_s"` // at 0, 1/400, 2/400 and so on
}

// DelaySpec is how delays are measured.
type DelaySpec struct {
	Seed uint64
	Window
}

// drainFor is how long messages made in the window are waited for after it.
const drainFor = 30 * time.Second

// RunDelay measures one way in one case.
func RunDelay(ctx context.Context, c DelayCase, w DelayWay, s DelaySpec) (p DelayPoint, err error) {
	packing, err := c.Pack()
	if err != nil {
		return p, err
	}
	b := newSimBed(s.Seed)
	defer func() { err = errors.Join(err, b.close()) }()
	reached := make(map[int]*arrivals)
	for n := c.Nodes - 1; n >= 0; n-- {
		r := c.role(n, w, packing, b.id)
		if slices.Contains(c.Receivers, n) {
			a := &arrivals{bed: b, ordered: w.Again, from: s.Warmup, to: s.Warmup + s.Duration, last: s.Warmup, next: make(map[uint32]uint64), ahead: make(map[message]bool)}
			reached[n], r.meter.got = a, a.got
		}
		for _, e := range c.Edges {
			link := emul.Link{Rate: emul.Rate(e.Capacity) * unit(), Latency: c.Latency, Loss: c.Loss}
			if e.From == n {
				r.links = append(r.links, linkSpec{b.id(nodeName(e.To)), link})
			}
			if e.To == n { // answers are lost and late as packets are
				r.links = append(r.links, linkSpec{b.id(nodeName(e.From)), emul.Link{Latency: c.Latency, Loss: c.Loss}})
			}
		}
		if err := b.add(nodeName(n), r); err != nil {
			return p, err
		}
	}
	if err := b.begin(nodeName(0)); err != nil {
		return p, err
	}
	if err := b.wait(ctx, s.Warmup+s.Duration+drainFor); err != nil {
		return p, err
	}
	p = DelayPoint{Kind: "delay", Seed: s.Seed, Case: c.Name, Way: w.Name, Offered: c.Load * unitPayload, Delivered: 1}
	var delays []float64
	for _, n := range c.Receivers {
		a := reached[n]
		made := c.Load * PacketsPerUnit * s.Duration.Seconds()
		p.Delivered = min(p.Delivered, float64(len(a.delays))/made)
		p.Silence = max(p.Silence, a.longest().Seconds())
		p.Wrong += b.roles[nodeName(n)].meter.tally.Wrong
		delays = append(delays, a.delays...)
	}
	p.Goodput = p.Delivered * p.Offered
	p.quantiles(delays)
	return p, nil
}

// quantiles takes delays.
func (p *DelayPoint) quantiles(delays []float64) {
	const steps = 400
	if len(delays) == 0 {
		return
	}
	slices.Sort(delays)
	at := func(q float64) float64 { return delays[int(q*float64(len(delays)-1))] }
	p.P50, p.P95, p.P99, p.Longest = at(0.5), at(0.95), at(0.99), at(1)
	for i := range steps + 1 {
		p.Quantiles = append(p.Quantiles, at(float64(i)/steps))
	}
}

// role is what node n does.
func (c DelayCase) role(n int, w DelayWay, packing Packing, id func(string) core.NodeID) role {
	k := &meter{}
	r := role{meter: k}
	var downs []core.NodeID
	for _, e := range c.Edges {
		if e.From == n {
			downs = append(downs, id(nodeName(e.To)))
		}
	}
	receives := slices.Contains(c.Receivers, n)
	switch {
	case w.Generation > 0:
		s := netcode.Session{App: codedApp, K: w.Generation, Downstreams: downs, Linger: time.Second}
		if receives {
			next := uint64(0)
			s.Deliver = func(_ coding.Generation, _ int, packet []byte) {
				k.useful(codedApp, next, packet) // in order, and nothing is left out
				next++
			}
		}
		r.alg = netcode.NewMulticast(s)
	case w.Window != nil:
		s := *w.Window
		if s.App, s.Downstreams = codedApp, downs; receives {
			s.Deliver = func(seq uint64, packet []byte) { k.useful(codedApp, seq, packet) }
		}
		r.alg = netcode.NewWindow(s)
	default:
		return c.routed(n, w, packing, id)
	}
	if n == 0 {
		r.sources = []*stream{{app: codedApp, size: PacketPayload, rate: c.Load * PacketsPerUnit}}
	}
	return r
}

// routed is a node of trees, each with its part of the load.
func (c DelayCase) routed(n int, w DelayWay, packing Packing, id func(string) core.NodeID) role {
	r := role{meter: &meter{}}
	var routes []route
	for i, tree := range packing.Trees {
		way := route{app: uint32(i + 1)}
		for _, e := range tree {
			if c.Edges[e].From == n {
				way.to = append(way.to, id(nodeName(c.Edges[e].To)))
			}
		}
		routes = append(routes, way)
		if n == 0 {
			flow, _ := packing.Flows[i].Float64()
			rate := c.Load * flow / packing.Units() * PacketsPerUnit
			r.sources = append(r.sources, &stream{app: way.app, size: PacketPayload, rate: rate})
		}
	}
	if w.Again {
		r.alg = newResender(r.meter, routes)
	} else {
		r.alg = &router{meter: r.meter, policy: waits, routes: routes}
	}
	return r
}

// message names a message of a stream.
type message struct {
	app uint32
	seq uint64
}

// arrivals notes the delays of a receiver.
type arrivals struct {
	bed      *simBed
	ordered  bool          // messages come in any order, and count when all before them are there
	from, to time.Duration // messages made between count
	last     time.Duration // when the last was delivered
	silence  time.Duration // the longest between two of the window
	delays   []float64
	next     map[uint32]uint64
	ahead    map[message]bool
}

func (a *arrivals) got(app uint32, seq uint64) {
	if !a.ordered {
		a.note(app, seq)
		return
	}
	a.ahead[message{app, seq}] = true
	for a.ahead[message{app, a.next[app]}] {
		delete(a.ahead, message{app, a.next[app]})
		a.note(app, a.next[app])
		a.next[app]++
	}
}

func (a *arrivals) note(app uint32, seq uint64) {
	now := a.bed.world.Now()
	if now >= a.from && now < a.to {
		a.silence = max(a.silence, now-a.last)
		a.last = now
	}
	for _, s := range a.bed.made {
		if s.app != app || seq >= uint64(len(s.times)) {
			continue
		}
		if at := s.times[seq]; at >= a.from && at < a.to {
			a.delays = append(a.delays, (now - at).Seconds())
		}
	}
}

// longest is the longest silence within the window, which may be the one that it ends in.
func (a *arrivals) longest() time.Duration { return max(a.silence, a.to-a.last) }

// String is what is said of a way while it runs.
func (p DelayPoint) String() string { return fmt.Sprintf("%s, %s", p.Case, p.Way) }
