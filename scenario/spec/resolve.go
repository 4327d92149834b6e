package spec

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// resolver turns a file into a Plan, in the order in which things are named: nodes,
// links, applications, the timeline, expectations.
type resolver struct {
	*decoder
	f    *File
	open func(string) ([]byte, error)
	plan *Plan
	// latest is what each node and link has at the point of the timeline that was
	// read last, for changes of a part of it.
	bandwidth []NodeBandwidth
	link      []LinkState
	sends     int // that repeat, of all events together
}

// Streams of random numbers: one for each part of a scenario.
const (
	streamNodes = iota + 1
	streamLinks
	streamTopology
	streamTimeline
	streamChurn
	streamDefaultLink
)

func (r *resolver) rng(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(r.f.Seed, stream)) }

const (
	defaultDrain   = 5 * time.Second
	defaultPayload = 5120
)

func resolve(d *decoder, f *File, o Options) *Plan {
	r := &resolver{decoder: d, f: f, open: o.Open}
	r.plan = &Plan{
		File: d.file, Name: f.Name, About: f.About, Seed: f.Seed, Duration: f.Duration.Duration, Drain: defaultDrain,
		Transport: cmp.Or(f.Transport, TransportTCP), Expect: f.Expect,
		byName: make(map[string]int), byEnds: make(map[[2]int]int),
	}
	if f.Duration.Duration <= 0 {
		d.report(f.Duration.Span, "", "the duration is above 0s")
	}
	if f.Drain != nil {
		r.plan.Drain = f.Drain.Duration
	}
	if b := f.Buffers; b != nil {
		r.buffers(b)
	}
	if o := f.Observer; o != nil {
		r.plan.Observers = o.List
	}
	r.nodes()
	r.bootstraps()
	r.links()
	r.defaultLink()
	r.applications()
	r.timeline()
	r.recording()
	for i := range r.plan.Expect {
		r.expectation(&r.plan.Expect[i])
	}
	return r.plan
}

func (r *resolver) buffers(b *Buffers) {
	if b.Messages != nil {
		if b.Messages.N == 0 {
			r.report(b.Messages.Span, "", "a queue takes one message or more")
		}
		r.plan.BufferMsgs = b.Messages.N
	}
	if b.Bytes != nil {
		if b.Bytes.Bytes == 0 {
			r.report(b.Bytes.Span, "", "a queue takes one byte or more")
		}
		r.plan.BufferBytes = b.Bytes.Bytes
	}
}

func (r *resolver) nodes() {
	rng := r.rng(streamNodes)
	everybody := &Algorithm{Name: "relay"}
	if r.f.Algorithm != nil {
		everybody = r.f.Algorithm
	} else if slices.ContainsFunc(r.f.Nodes, func(g NodeGroup) bool { return g.Algorithm == nil }) {
		everybody.fill(r.decoder, nil)
	}
	for i := range r.f.Nodes {
		g := &r.f.Nodes[i]
		alg := cmp.Or(g.Algorithm, everybody)
		b := cmp.Or(g.Bandwidth, r.f.Bandwidth)
		for _, part := range g.Names.Parts {
			if part.All {
				r.report(part.Span, "Give it another name.", "\"all\" is everybody, and cannot be a name")
			}
			for _, name := range part.Names {
				r.node(name, part.Span, alg, b, g, rng)
			}
		}
	}
	if len(r.plan.Nodes) == 0 {
		r.report(r.f.Span, "", "there are no nodes")
		return
	}
	r.unused()
}

// unused reports what is said of all nodes that have none of their own, if every node
// has.
func (r *resolver) unused() {
	if a := r.f.Algorithm; a != nil && r.allHave(func(g *NodeGroup) bool { return g.Algorithm != nil }) {
		r.report(a.Span, unusedHint, "no node runs this algorithm")
	}
	if b := r.f.Bandwidth; b != nil && r.allHave(func(g *NodeGroup) bool { return g.Bandwidth != nil }) {
		r.report(b.Span, unusedHint, "no node has this bandwidth")
	}
}

const unusedHint = "All nodes have one of their own. Leave it out here."

// allHave reports whether something is so of all groups of nodes.
func (r *resolver) allHave(has func(g *NodeGroup) bool) bool {
	return !slices.ContainsFunc(r.f.Nodes, func(g NodeGroup) bool { return !has(&g) })
}

func (r *resolver) node(name string, at Span, alg *Algorithm, b *Bandwidth, g *NodeGroup, rng *rand.Rand) {
	switch _, twice := r.plan.byName[name]; {
	case twice:
		r.report(at, "", "there is a node %q already", name)
		return
	case isReserved(name):
		r.report(at, "Give it another name.", "%q has a meaning of its own, and cannot be a name", name)
		return
	case len(r.plan.Nodes) >= maxNodes:
		if len(r.plan.Nodes) == maxNodes && len(r.found) == 0 {
			r.report(at, "", "a scenario has at most %d nodes", maxNodes)
		}
		return
	}
	start := g.Starts
	n := Node{Name: name, Algorithm: alg.Name, Params: alg.Params, Group: g.Group, Place: g.spot()}
	if b != nil {
		n.Bandwidth = NodeBandwidth{b.Total.rate(rng), b.Up.rate(rng), b.Down.rate(rng)}
		r.emulable(at, n.Bandwidth.Emulation())
	}
	index := len(r.plan.Nodes)
	if start != nil && (start.Later || start.Duration.Duration > 0) {
		n.Late = true
		if !start.Later {
			r.step(start.Span, Step{At: start.Duration.Duration, Kind: StepStart, Nodes: []int{index}})
		}
	}
	r.plan.byName[name] = index
	r.plan.Nodes = append(r.plan.Nodes, n)
	r.bandwidth = append(r.bandwidth, n.Bandwidth)
}

// indices looks nodes up, in the order in which they are named.
func (r *resolver) indices(parts []NodeRange) (out []int) {
	for _, p := range parts {
		if p.All {
			for i := range r.plan.Nodes {
				out = append(out, i)
			}
			continue
		}
		missing := 0
		for _, name := range p.Names {
			if i := r.plan.NodeNamed(name); i >= 0 {
				out = append(out, i)
				continue
			}
			if missing++; missing == 1 {
				r.report(p.Span, suggest(name, r.nodeNames()), "there is no node %q", name)
			}
		}
	}
	return out
}

// nodeNames is for suggestions; with very many nodes there are none.
func (r *resolver) nodeNames() (names []string) {
	const most = 1000
	for _, n := range r.plan.Nodes[:min(len(r.plan.Nodes), most)] {
		names = append(names, n.Name)
	}
	return names
}

func (r *resolver) oneNode(s NodeSet) int {
	found := r.indices(s.Parts)
	if len(found) > 1 {
		r.report(s.Span, "", "one node belongs here, not %d", len(found))
	}
	if len(found) == 0 {
		return 0
	}
	return found[0]
}

func (r *resolver) recording() {
	const leastEvery, mostEvery, samples = 100 * time.Millisecond, 10 * time.Second, 100
	rec := &r.plan.Record
	rec.Every = min(max(r.plan.Duration/samples, leastEvery), mostEvery)
	rec.Nodes, rec.Links = true, true
	for i := range r.plan.Expect {
		rec.Deliveries = rec.Deliveries || r.plan.Expect[i].follows()
	}
	if r.f.Record == nil {
		return
	}
	rec.Deliveries = rec.Deliveries || r.f.Record.Deliveries
	if e := r.f.Record.Every; e != nil {
		if e.Duration < time.Millisecond {
			r.report(e.Span, "", "the interval between samples is 1ms or more")
		}
		rec.Every = e.Duration
	}
	if s := r.f.Record.Series; s != nil {
		rec.Nodes, rec.Links = slices.Contains(s, SeriesNode), slices.Contains(s, SeriesLink)
	}
}

// expectation looks up what an expectation is of.
func (r *resolver) expectation(v *Expectation) {
	if w := v.window; !w.ToEnd && w.To > r.plan.Duration || w.From >= r.plan.Duration {
		r.report(v.Span, "", "the run ends at %v, before this can be measured", r.plan.Duration)
	}
	v.calls(func(c *call) {
		if c.app != "" {
			if i := r.appNamed(c.app, c.appAt); i >= 0 {
				c.appID = r.plan.Apps[i].ID
			}
		}
		for _, i := range r.indices(c.nodes) {
			c.targets = append(c.targets, Target{i, -1, -1})
		}
		for _, h := range c.hops {
			for _, pair := range r.pairs(h) {
				c.targets = append(c.targets, Target{-1, pair[0], pair[1]})
			}
		}
		if len(c.nodes) == 0 && len(c.hops) == 0 {
			c.targets = []Target{Everything}
		}
	})
}
