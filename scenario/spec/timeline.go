package spec

import (
	"cmp"
	"fmt"
	"slices"
)

// timeline turns the events of a file into steps. Events of one time happen in the
// order in which they are written.
func (r *resolver) timeline() {
	rng := r.rng(streamTimeline)
	// A change of a part (up to 30KBps) needs what the rest is then, so they are
	// taken in the order of time.
	order := make([]*Event, len(r.f.Timeline))
	for i := range r.f.Timeline {
		order[i] = &r.f.Timeline[i]
	}
	slices.SortStableFunc(order, func(a, b *Event) int { return cmp.Compare(a.At.Duration, b.At.Duration) })
	for _, e := range order {
		s := Step{At: e.At.Duration}
		switch {
		case e.Set != nil && e.Set.Nodes != nil:
			s.Kind, s.Nodes = StepBandwidth, r.indices(e.Set.Nodes.Parts)
			for _, n := range s.Nodes {
				b := &r.bandwidth[n]
				for _, part := range []struct {
					to   *int64
					draw *RateDraw
				}{{&b.Total, e.Set.Total}, {&b.Up, e.Set.Up}, {&b.Down, e.Set.Down}} {
					if part.draw != nil {
						*part.to = part.draw.rate(rng)
					}
				}
				r.emulable(e.Span, b.Emulation())
				s.Bandwidths = append(s.Bandwidths, *b)
			}
		case e.Set != nil:
			s.Kind, s.Links = StepLink, r.linksOf(e.Set.Links)
			for _, l := range s.Links {
				e.Set.apply(&r.link[l], rng)
				r.emulable(e.Span, r.link[l].Emulation())
				s.States = append(s.States, r.link[l])
			}
		case e.Churn != nil:
			r.churn(e)
			continue
		case e.Send != nil:
			r.send(e)
			continue
		default:
			r.plainStep(e, &s)
		}
		r.step(e.Span, s)
	}
	SortSteps(r.plan.Steps)
	r.drawTargets()
}

// SortSteps puts steps into the order in which they happen: by time; at one time sources
// begin last, so that a node that starts then has them; and otherwise as they were.
func SortSteps(steps []Step) {
	last := func(s Step) int {
		if s.Kind == StepStartApp {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(last(a), last(b))) })
}

func (r *resolver) plainStep(e *Event, s *Step) {
	nodes := func(k StepKind, set NodeSet) { s.Kind, s.Nodes = k, r.indices(set.Parts) }
	switch {
	case e.Kill != nil:
		nodes(StepKill, *e.Kill)
	case e.Stop != nil:
		nodes(StepStop, *e.Stop)
	case e.Start != nil:
		nodes(StepStart, *e.Start)
	case e.Restart != nil:
		nodes(StepStart, *e.Restart)
	case e.Join != nil:
		nodes(StepJoin, e.Join.Nodes)
		s.App = r.appNamed(e.Join.Application, e.Join.Span)
	case e.Leave != nil:
		nodes(StepLeave, e.Leave.Nodes)
		s.App = r.appNamed(e.Leave.Application, e.Leave.Span)
	case e.Slow != nil:
		nodes(StepSlow, e.Slow.Nodes)
		s.PerMessage = e.Slow.PerMessage.Duration
	case e.Cut != nil:
		s.Kind, s.Pairs = StepCut, r.ends(e.Cut)
	case e.Heal != nil:
		s.Kind, s.Every = StepHeal, e.Heal.Every
		if !s.Every {
			s.Pairs = r.ends(e.Heal)
		}
	case e.Partition != nil:
		s.Kind, s.Pairs = StepCut, r.between(e)
	}
}

// linksOf looks up links that there must be.
func (r *resolver) linksOf(set *LinkSet) (out []int) {
	if set.Every {
		for i := range r.plan.Links {
			out = append(out, i)
		}
		return out
	}
	for _, h := range set.Hops {
		for _, pair := range r.pairs(h) {
			i := r.plan.LinkBetween(pair[0], pair[1])
			if i < 0 {
				r.noLink(h.Span, pair)
				return out
			}
			out = append(out, i)
		}
	}
	return out
}

// ends lists the pairs of nodes of links that there must be. Of A <-> B it is enough
// that there is one of the two: what is between them is meant.
func (r *resolver) ends(set *LinkSet) (out [][2]int) {
	if set.Every {
		for _, l := range r.plan.Links {
			out = append(out, [2]int{l.From, l.To})
		}
		return out
	}
	for _, h := range set.Hops {
		for _, pair := range r.pairs(h) {
			there := r.plan.LinkBetween(pair[0], pair[1]) >= 0
			if !there && (!h.Both || r.plan.LinkBetween(pair[1], pair[0]) < 0) {
				r.noLink(h.Span, pair)
				return out
			}
			out = append(out, pair)
		}
	}
	return out
}

// noLink reports a link that is named and that there is not.
func (r *resolver) noLink(at Span, pair [2]int) {
	do := "Add it to links, or use partition to cut whatever links there are between groups of nodes."
	from, to := r.plan.Nodes[pair[0]].Name, r.plan.Nodes[pair[1]].Name
	if r.plan.LinkBetween(pair[1], pair[0]) >= 0 {
		do = fmt.Sprintf("There is %s -> %s: links go one way, and A <-> B is one each way.", to, from)
	}
	r.report(at, do, "there is no link %s -> %s", from, to)
}

// maxPartitionPairs bounds the ways that a partition cuts where the file has no links.
const maxPartitionPairs = 100_000

// between lists the links of the file between the groups of a partition. A node in
// no group is cut off from none. If the file has none there, the algorithms make their
// own, and every way between the groups is cut.
func (r *resolver) between(e *Event) (out [][2]int) {
	group := make(map[int]int)
	members := make([][]int, len(e.Partition))
	for g, set := range e.Partition {
		for _, n := range r.indices(set.Parts) {
			at, there := group[n]
			if there && at != g {
				r.report(set.Span, "", "%s is in two groups of the partition", r.plan.Nodes[n].Name)
			}
			if !there {
				members[g] = append(members[g], n)
			}
			group[n] = g
		}
	}
	for _, l := range r.plan.Links {
		a, inA := group[l.From]
		b, inB := group[l.To]
		if inA && inB && a != b {
			out = append(out, [2]int{l.From, l.To})
		}
	}
	if len(out) > 0 {
		return out
	}
	return r.everyWay(e, members)
}

// everyWay lists the ways between nodes of different groups.
func (r *resolver) everyWay(e *Event, groups [][]int) (out [][2]int) {
	all, within := 0, 0
	for _, g := range groups {
		all, within = all+len(g), within+len(g)*len(g)
	}
	if all*all-within > maxPartitionPairs {
		r.report(e.Span, "Add the links that there are to the file.", "this partition cuts more than %d ways between nodes", maxPartitionPairs)
		return nil
	}
	for a, from := range groups {
		for b, to := range groups {
			if a == b {
				continue
			}
			for _, f := range from {
				for _, t := range to {
					out = append(out, [2]int{f, t})
				}
			}
		}
	}
	return out
}

// step adds a step, if there is time for it.
func (r *resolver) step(at Span, s Step) {
	if s.At > r.plan.Duration {
		r.report(at, "", "the run ends at %v, before this happens", r.plan.Duration)
		return
	}
	r.plan.Steps = append(r.plan.Steps, s)
}
