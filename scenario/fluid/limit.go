package fluid

import (
	"math"
	"slices"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// limit is something that may be full: so many bytes a second, shared among links, and
// on each link among the sessions there.
type limit struct {
	rate  float64
	links [][]lane
}

// lane is a session on a link: it carries ways times what the session's source sends.
type lane struct {
	session int
	ways    float64
}

// limits lists those of a plan. Ways are by session and node.
func limits(p *spec.Plan, ways [][]float64) (all []limit) {
	add := func(rate int64, links [][]lane) {
		if rate > 0 && slices.ContainsFunc(links, func(l []lane) bool { return len(l) > 0 }) {
			all = append(all, limit{float64(rate), links})
		}
	}
	on := make([][]lane, len(p.Links)) // sessions by link
	out, in := make([][][]lane, len(p.Nodes)), make([][][]lane, len(p.Nodes))
	for i, l := range p.Links {
		for a := range ways {
			if w := ways[a][l.From]; w > 0 {
				on[i] = append(on[i], lane{a, w})
			}
		}
		add(l.Rate, [][]lane{on[i]})
		out[l.From] = append(out[l.From], on[i])
		in[l.To] = append(in[l.To], on[i])
	}
	for n, node := range p.Nodes {
		add(node.Bandwidth.Up, out[n])
		add(node.Bandwidth.Down, in[n])
		add(node.Bandwidth.Total, slices.Concat(out[n], in[n]))
	}
	return all
}

// offers is the most that the limit grants a source, if the others send what they do:
// what is left, and if that is less than its fair share, that.
func (l *limit) offers(session int, x []float64) float64 {
	most := l.alone(session)
	if math.IsInf(most, 1) {
		return most
	}
	trial := slices.Clone(x)
	low, high := 0.0, most
	for range bisections {
		trial[session] = (low + high) / 2
		if l.grants(session, trial) {
			low = trial[session]
		} else {
			high = trial[session]
		}
	}
	return low
}

// bisections halve an interval until it is as small as a number can tell.
const bisections = 60

// alone is what a source could send if there were no others.
func (l *limit) alone(session int) float64 {
	total := 0.0
	for _, lanes := range l.links {
		for _, a := range lanes {
			if a.session == session {
				total += a.ways
			}
		}
	}
	return l.rate / total // infinite if it does not come here
}

// grants reports whether all lanes of a session get what they ask for.
func (l *limit) grants(session int, x []float64) bool {
	asked := make([]float64, len(l.links))
	for i, lanes := range l.links {
		for _, a := range lanes {
			asked[i] += a.ways * x[a.session]
		}
	}
	got := share(l.rate, asked)
	for i, lanes := range l.links {
		want := make([]float64, len(lanes))
		for k, a := range lanes {
			want[k] = a.ways * x[a.session]
		}
		for k, part := range share(got[i], want) {
			if lanes[k].session == session && part < want[k]*(1-rounding) {
				return false
			}
		}
	}
	return true
}

// rounding is the error of sums.
const rounding = 1e-12

// share divides a rate max-min fairly: all get the same, except who asks for less.
func share(rate float64, asked []float64) []float64 {
	order := make([]int, len(asked))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case asked[a] < asked[b]:
			return -1
		case asked[a] > asked[b]:
			return 1
		}
		return 0
	})
	got := make([]float64, len(asked))
	for k, i := range order {
		got[i] = min(asked[i], rate/float64(len(order)-k))
		rate -= got[i]
	}
	return got
}
