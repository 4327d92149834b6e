package spec

import "math/rand/v2"

// Links: written out, or by a generator. Generators draw from the scenario's seed
// and build in time that grows with the links.

// maxLinks bounds a scenario.
const maxLinks = 1_000_000

func (r *resolver) links() {
	draw, shape := r.rng(streamLinks), r.rng(streamTopology)
	for i := range r.f.Links {
		g := &r.f.Links[i]
		b := linkBuilder{r: r, group: g, rng: draw}
		switch {
		case g.Link != nil:
			for _, h := range g.Link.Hops {
				for _, pair := range r.pairs(h) {
					b.add(pair[0], pair[1])
				}
			}
			if g.Link.Every {
				r.report(g.Link.Span, "Use random-graph, or write links out.", "\"all\" names links that there are")
			}
		case g.Chain != nil:
			b.chain(r.indices(g.Chain.Parts))
		case g.Ring != nil:
			nodes := r.indices(g.Ring.Parts)
			b.chain(nodes)
			if len(nodes) > 1 {
				b.add(nodes[len(nodes)-1], nodes[0])
			}
		case g.Star != nil:
			center := r.oneNode(g.Star.Center)
			for _, leaf := range r.indices(g.Star.Leaves.Parts) {
				b.add(center, leaf)
			}
		case g.Tree != nil:
			b.tree(r.indices(g.Tree.Nodes.Parts), g.Tree.Fanout)
		case g.Graph != nil:
			b.graph(r.indices(g.Graph.Nodes.Parts), g.Graph.Degree, shape)
		case g.DAG != nil:
			b.dag(r.indices(g.DAG.Nodes.Parts), g.DAG.Degree, shape)
		}
	}
}

// pairs lists the links of a hop: from each node to each, there and back if it is
// both ways.
func (r *resolver) pairs(h Hop) (out [][2]int) {
	from, to := r.indices(h.From.Parts), r.indices(h.To.Parts)
	if len(from)*len(to) > maxLinks {
		r.report(h.Span, "", "these are more than %d links", maxLinks)
		return nil
	}
	for _, a := range from {
		for _, b := range to {
			out = append(out, [2]int{a, b})
			if h.Both {
				out = append(out, [2]int{b, a})
			}
		}
	}
	return out
}

// linkBuilder adds the links of one group.
type linkBuilder struct {
	r     *resolver
	group *LinkGroup
	rng   *rand.Rand // for their properties
	full  bool
}

func (b *linkBuilder) add(from, to int) {
	p, at := b.r.plan, b.group.Span
	switch {
	case b.full:
		return
	case from == to:
		b.r.report(at, "", "a link from %s to itself makes no sense", p.Nodes[from].Name)
		return
	case p.LinkBetween(from, to) >= 0:
		b.r.report(at, "", "there is a link %s -> %s already", p.Nodes[from].Name, p.Nodes[to].Name)
		b.full = true
		return
	case len(p.Links) >= maxLinks:
		b.r.report(at, "", "a scenario has at most %d links", maxLinks)
		b.full = true
		return
	}
	state := LinkState{}
	b.group.apply(&state, b.rng)
	b.r.emulable(at, state.Emulation())
	p.byEnds[[2]int{from, to}] = len(p.Links)
	p.Links = append(p.Links, Link{from, to, state})
	b.r.link = append(b.r.link, state)
}

// apply draws the properties that are given into a link's state.
func (l *LinkProperties) apply(s *LinkState, rng *rand.Rand) {
	if l.Rate.Given {
		s.Rate = l.Rate.rate(rng)
	}
	if l.Latency.Given {
		s.Latency = l.Latency.time(rng)
	}
	if l.Jitter != nil {
		s.Jitter, s.Spread = l.Jitter.Kind, l.Jitter.Spread.Duration
	}
	if l.Loss.Given {
		s.Loss = l.Loss.share(rng)
	}
	if l.Correlation != nil {
		s.Correlation = l.Correlation.Duration
	}
	if l.InFlight != nil {
		s.InFlight = l.InFlight.Bytes
	}
}

func (b *linkBuilder) chain(nodes []int) {
	for i := 1; i < len(nodes); i++ {
		b.add(nodes[i-1], nodes[i])
	}
}

func (b *linkBuilder) tree(nodes []int, fanout Count) {
	if fanout.N < 1 {
		b.r.report(fanout.Span, "", "a node of a tree has one child or more")
		return
	}
	for i := 1; i < len(nodes); i++ {
		b.add(nodes[(i-1)/fanout.N], nodes[i])
	}
}

// graph joins each node to an earlier one, so that all are connected, and then adds
// random edges until there are degree/2 a node.
func (b *linkBuilder) graph(nodes []int, degree Count, rng *rand.Rand) {
	n := len(nodes)
	if degree.N < 1 || n > 0 && degree.N >= n {
		b.r.report(degree.Span, "", "the degree of a graph of %d nodes is from 1 to %d", n, n-1)
		return
	}
	both := func(i, j int) bool {
		if i == j || b.r.plan.LinkBetween(nodes[i], nodes[j]) >= 0 || b.r.plan.LinkBetween(nodes[j], nodes[i]) >= 0 {
			return false
		}
		b.add(nodes[i], nodes[j])
		b.add(nodes[j], nodes[i])
		return true
	}
	edges := 0
	for i := 1; i < n; i++ {
		if both(rng.IntN(i), i) {
			edges++
		}
	}
	want := n * degree.N / 2
	for tries := 0; edges < want && !b.full; tries++ {
		if tries > drawsPerLink*(want+1) {
			b.r.report(degree.Span, "Use a smaller degree.", "there is no room for %d edges beside the links that there are", want)
			return
		}
		if both(rng.IntN(n), rng.IntN(n)) {
			edges++
		}
	}
}

// drawsPerLink bounds how often a random link is drawn anew because there is one
// already. Even a graph with every edge there is needs far fewer.
const drawsPerLink = 64

// dag gives each node but the first links from 1 to degree different earlier ones, and
// fewer if it has links from them already.
func (b *linkBuilder) dag(nodes []int, degree Count, rng *rand.Rand) {
	if degree.N < 1 {
		b.r.report(degree.Span, "", "a node of a DAG has one link into it or more")
		return
	}
	for i := 1; i < len(nodes) && !b.full; i++ {
		most := min(degree.N, i)
		need := 1 + rng.IntN(most)
		for tries := drawsPerLink * need; need > 0 && tries > 0 && !b.full; tries-- {
			if j := rng.IntN(i); b.r.plan.LinkBetween(nodes[j], nodes[i]) < 0 {
				b.add(nodes[j], nodes[i])
				need--
			}
		}
	}
}
