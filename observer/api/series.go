package api

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/record"
)

// Gatherer makes a series out of updates, for Sources.
type Gatherer struct {
	q    SeriesQuery
	path []string
	node record.Node
	link record.Link
	has  bool // there is such a node or link
	s    Series
	was  float64 // the value before the interval
}

// NewGatherer begins. Add what comes before the interval, too: the value at its beginning is from there.
func NewGatherer(q SeriesQuery) *Gatherer {
	return &Gatherer{q: q, path: strings.Split(q.Field, "."), was: math.NaN()}
}

// Add takes an update, in order. It returns true, so that it can be called by Source.Updates.
func (g *Gatherer) Add(u *record.Update) bool {
	touched := u.Full
	if u.Full {
		g.node, g.link, g.has = record.Node{}, record.Link{}, false
	}
	if g.q.Link {
		for i := range u.Links {
			if l := &u.Links[i]; l.F == g.q.Node && l.T == g.q.Peer {
				touched = true
				if g.has = !l.Gone; g.has {
					g.link.Merge(l)
				} else {
					g.link = record.Link{}
				}
			}
		}
	} else {
		for i := range u.Nodes {
			if n := &u.Nodes[i]; n.I == g.q.Node {
				touched = true
				if g.has = !n.Gone; g.has {
					g.node.Merge(n)
				} else {
					g.node = record.Node{}
				}
			}
		}
	}
	if touched {
		g.value(u.T)
	}
	return true
}

// value notes the value that there is now.
func (g *Gatherer) value(t record.Time) {
	v := math.NaN()
	if g.has {
		text := g.node.AppendJSON(nil)
		if g.q.Link {
			text = g.link.AppendJSON(nil)
		}
		v = valueAt(text, g.path)
	}
	if t <= g.q.From {
		g.was = v
		return
	}
	g.s.T = append(g.s.T, t)
	g.s.V = append(g.s.V, v)
}

// valueAt is the number at a path; NaN if there is none. True is 1.
func valueAt(text []byte, path []string) float64 {
	var v any
	if json.Unmarshal(text, &v) != nil {
		return math.NaN()
	}
	for len(path) > 0 {
		switch in := v.(type) {
		case map[string]any:
			v = in[path[0]]
		case []any:
			i, err := strconv.Atoi(path[0])
			if err != nil || i < 0 || i >= len(in) {
				return math.NaN()
			}
			v = in[i]
		default:
			return math.NaN()
		}
		path = path[1:]
	}
	switch v := v.(type) {
	case float64:
		return v
	case bool:
		if v {
			return 1
		}
		return 0
	}
	return math.NaN()
}

// Series is what was gathered until a time, reduced to the points that were asked for.
func (g *Gatherer) Series(until record.Time) Series {
	s := Series{T: append([]record.Time{max(g.q.From, 0)}, g.s.T...), V: append([]float64{g.was}, g.s.V...)}
	if n := len(s.T); until > s.T[n-1] && !math.IsNaN(s.V[n-1]) {
		s.T, s.V = append(s.T, until), append(s.V, s.V[n-1]) // it still is what it was
	}
	return s.Reduced(g.q.Points)
}

// Reduced is the series with at most so many points: of each part of its time the least and the greatest value, in their
// order, so that no peak is lost.
func (s Series) Reduced(most int) Series {
	n := len(s.T)
	if n <= most || most < 2 {
		return s
	}
	parts := most / 2
	var r Series
	add := func(i int) { r.T, r.V = append(r.T, s.T[i]), append(r.V, s.V[i]) }
	for p := range parts {
		from, to := p*n/parts, (p+1)*n/parts
		least, greatest := from, from
		for i := from; i < to; i++ {
			if s.V[i] < s.V[least] || math.IsNaN(s.V[least]) {
				least = i
			}
			if s.V[i] > s.V[greatest] || math.IsNaN(s.V[greatest]) {
				greatest = i
			}
		}
		add(min(least, greatest))
		if least != greatest {
			add(max(least, greatest))
		}
	}
	return r
}
