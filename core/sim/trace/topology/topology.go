// Package topology makes the picture of an overlay at one time out of a trace: which
// nodes run, and what each link carried in a window before.
//
//	topology.go   the graph
//	dot.go        as DOT, for Graphviz
//	layout.go     where nodes are drawn
//	svg.go        as SVG, without Graphviz
package topology

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim/trace"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Options say of what there is a picture.
type Options struct {
	At     time.Duration // of the trace
	Window time.Duration // before it, in which traffic is counted; 0: a second
	App    *uint32       // only what belongs to this application; nil: everything, control too
	Types  []core.Type   // only these types of messages; none: all
}

// DefaultWindow is how long traffic is counted where nobody says.
const DefaultWindow = time.Second

// Graph is the overlay at a time. Nodes are in the order of their names, links in that
// of their ends.
type Graph struct {
	At    time.Duration `json:"at_ns"`
	Since time.Duration `json:"since_ns"` // when the window begins
	Nodes []Node        `json:"nodes"`
	Links []Link        `json:"links"`
}

// Node is a node that was ever seen until then.
type Node struct {
	trace.Peer
	State State         `json:"state"`
	Ended time.Duration `json:"ended_ns,omitempty"` // when, if it is down
}

// State is what a node is.
type State string

// The states of a node.
const (
	Up      State = "up"
	Down    State = "down"    // it has ended
	Crashed State = "crashed" // its algorithm has panicked
	Foreign State = "foreign" // others name it; the trace does not say that it runs
)

// Link is what one node got from another within the window, headers included. That is
// what arrived: what is lost or under way is no part of it.
type Link struct {
	From  int     `json:"from"` // places in Nodes
	To    int     `json:"to"`
	Msgs  uint64  `json:"messages"`
	Bytes uint64  `json:"bytes"`
	Rate  float64 `json:"bytes_per_s"`
}

// builder gathers a graph.
type builder struct {
	o     Options
	since time.Duration
	nodes map[string]*Node // by ID
	links map[[2]string]*Link
}

// Build reads a trace as far as the time. A time after the end of the trace is an error:
// nobody knows what was then. Other errors are those of Reader.Next.
// When ctx is done its error is returned.
func Build(ctx context.Context, r *trace.Reader, o Options) (*Graph, error) {
	if o.Window <= 0 {
		o.Window = DefaultWindow
	}
	b := &builder{o: o, since: max(o.At-o.Window, 0), nodes: make(map[string]*Node), links: make(map[[2]string]*Link)}
	last := time.Duration(0)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rec, err := r.Next()
		if err == io.EOF {
			if last+o.Window < o.At {
				return nil, fmt.Errorf("the trace ends at %v, and says nothing of %v", last, o.At)
			}
			return b.graph(), nil
		}
		if err != nil {
			return nil, err
		}
		if last = rec.At; rec.At > o.At {
			return b.graph(), nil
		}
		b.add(&rec)
	}
}

func (b *builder) node(p trace.Peer) *Node {
	n := b.nodes[p.ID]
	if n == nil {
		n = &Node{Peer: p, State: Foreign}
		b.nodes[p.ID] = n
	}
	return n
}

func (b *builder) add(r *trace.Record) {
	switch r.Kind {
	case trace.Ended:
		n := b.node(r.Node)
		if n.State, n.Ended = Down, r.At; r.Text != "" {
			n.State = Crashed
		}
	case trace.Message:
		n := b.node(r.Node)
		if r.Type == wire.TypeStarted || n.State == Foreign {
			n.State, n.Ended = Up, 0
		}
		if r.From != (trace.Peer{}) {
			b.traffic(r)
		}
	}
}

// traffic counts a message that came from another node.
func (b *builder) traffic(r *trace.Record) {
	b.node(r.From)
	if r.At < b.since || b.o.App != nil && r.App != *b.o.App || len(b.o.Types) > 0 && !slices.Contains(b.o.Types, r.Type) {
		return
	}
	ends := [2]string{r.From.ID, r.Node.ID}
	l := b.links[ends]
	if l == nil {
		l = new(Link)
		b.links[ends] = l
	}
	l.Msgs++
	l.Bytes += r.Size + wire.HeaderSize
}

// graph puts everything in order.
func (b *builder) graph() *Graph {
	g := &Graph{At: b.o.At, Since: b.since, Nodes: []Node{}, Links: []Link{}}
	for _, n := range b.nodes { // sorted below
		g.Nodes = append(g.Nodes, *n)
	}
	slices.SortFunc(g.Nodes, func(x, y Node) int {
		return cmp.Or(trace.CompareNames(x.String(), y.String()), cmp.Compare(x.ID, y.ID))
	})
	places := make(map[string]int, len(g.Nodes))
	for i, n := range g.Nodes {
		places[n.ID] = i
	}
	window := (g.At - g.Since).Seconds()
	for ends, l := range b.links { // sorted below
		l.From, l.To = places[ends[0]], places[ends[1]]
		if window > 0 {
			l.Rate = float64(l.Bytes) / window
		}
		g.Links = append(g.Links, *l)
	}
	slices.SortFunc(g.Links, func(x, y Link) int { return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To)) })
	return g
}

// most is the largest rate of a link.
func (g *Graph) most() (rate float64) {
	for _, l := range g.Links {
		rate = max(rate, l.Rate)
	}
	return rate
}

// width of a link's line, from thin to thick as its rate is to the largest. Rates of
// an overlay differ by orders of magnitude, so the area of a line, not its width, grows
// with them.
func width(rate, most, thin, thick float64) float64 {
	if most <= 0 {
		return thin
	}
	return thin + (thick-thin)*sqrt(rate/most)
}

// rateText is a rate for people.
func rateText(rate float64) string {
	switch {
	case rate >= 1e6:
		return fmt.Sprintf("%.3g MBps", rate/1e6)
	case rate >= 1e3:
		return fmt.Sprintf("%.3g KBps", rate/1e3)
	}
	return fmt.Sprintf("%.3g Bps", rate)
}

// title says what the picture is of.
func (g *Graph) title() string {
	up := 0
	for _, n := range g.Nodes {
		if n.State == Up {
			up++
		}
	}
	return fmt.Sprintf("at %v: %d of %d nodes up, %d links with traffic since %v", g.At, up, len(g.Nodes), len(g.Links), g.Since)
}
