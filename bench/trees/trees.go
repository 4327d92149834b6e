// Package trees reproduces the paper's case study of data dissemination trees (section 3.2): the five
// nodes of figure 5 and table 3, and the populations of figures 6 and 7. Trees come out of the protocol of
// algos/tree, run as a scenario, in any world; nothing here knows what they should be.
package trees

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Policy is a policy of algos/tree, refined or not.
type Policy struct {
	Name    string
	Variant string // of the algorithm's parameter policy
	Refine  bool
}

// Policies are those of the paper, and the refinement that it leaves to research.
var Policies = []Policy{
	{Name: "unicast", Variant: "unicast"},
	{Name: "random", Variant: "random"},
	{Name: "ns-aware", Variant: "stress"},
	{Name: "ns-aware, refined", Variant: "stress", Refine: true},
}

// Member is a node of a session.
type Member struct {
	Name string
	KBps float64 // of the last mile, in both directions together
}

// MaxAtSource is the largest population that the unicast policy is run on. Beats and reports of a star of 1,000 alone take
// the source's 100 KBps, so that its children take it for lost, ask for it again, and nobody is in the tree in the end.
const MaxAtSource = 300

// PolicyNamed is the policy of that name; the refined one may be called just that.
func PolicyNamed(name string) (Policy, bool) {
	i := slices.IndexFunc(Policies, func(p Policy) bool { return p.Name == name || p.Refine && name == "refined" })
	if i < 0 {
		return Policy{}, false
	}
	return Policies[i], true
}

// Session is a source and those who join it, in this order. The first node is the source's.
type Session struct {
	Members []Member
	Order   []string // who joins; every Every, from the first second on
	Every   time.Duration
	Settle  time.Duration // from the last join to the source's start
	Warmup  time.Duration // from the source's start to the window
	Window  time.Duration // in which throughput is measured
	Payload int           // bytes
	Seed    uint64
	Places  []Place // of the members, or nil
	Measure int     // hosts to which each node measures its last mile; 0: it is told
}

// Outcome is a node as it was in a session.
type Outcome struct {
	Kind     string  `json:"kind"` // "tree"
	Policy   string  `json:"policy"`
	World    string  `json:"world"`
	Seed     uint64  `json:"seed"`
	Node     string  `json:"node"`
	Joins    bool    `json:"joins,omitempty"` // it was to
	Parent   string  `json:"parent,omitempty"`
	KBps     float64 `json:"kbps"`
	Degree   int     `json:"degree"`
	Stress   float64 `json:"stress"`           // degree by bandwidth in 100 KBps
	DataKBps float64 `json:"data_kbps"`        // received, headers included; at the source 0
	Depth    int     `json:"depth"`            // links from the source
	JoinS    float64 `json:"join_s,omitempty"` // from the first query to the place in the tree, seconds
	Missed   uint64  `json:"missed"`           // messages it knows not to have got
	JoinMsgs uint64  `json:"join_msgs"`        // of joining that it sent, and asked for, for itself and others
}

// mostKnown is how many others a node knows when it starts: all, if they are no more.
const mostKnown = 100

// times of a session: when the source begins, when the window does, and the end.
func (s *Session) times() (source, from, to time.Duration) {
	source = time.Second + time.Duration(len(s.Order)-1)*s.Every + s.Settle
	from = source + s.Warmup
	return source, from, from + s.Window
}

// Scenario is the session as a scenario's text.
func (s *Session) Scenario(p Policy) string {
	source, _, to := s.times()
	know := "all"
	if len(s.Members) > mostKnown {
		know = fmt.Sprintf("{random: %d}", mostKnown)
	}
	refine := map[bool]string{false: "no", true: "yes"}[p.Refine]
	measure := ""
	if s.Measure > 0 {
		measure = fmt.Sprintf(", measure: %d", s.Measure)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "name: tree\nseed: %d\nduration: %dms\ndrain: 0s\nbuffers: {messages: 10}\nbootstrap: %s\nalgorithm: {name: tree, policy: %s, refine: \"%s\"%s}\nnodes:\n",
		s.Seed, to.Milliseconds(), know, p.Variant, refine, measure)
	for i, m := range s.Members {
		fmt.Fprintf(&b, "  - {names: %s, bandwidth: {total: %.0fBps}", m.Name, 1000*m.KBps)
		if s.Places != nil {
			fmt.Fprintf(&b, ", place: {lat: %.1f, lon: %.1f, label: %q}", s.Places[i].Lat, s.Places[i].Lon, s.Places[i].Town)
		}
		b.WriteString("}\n")
	}
	fmt.Fprintf(&b, "applications: [{name: data, at: %s, source: back-to-back, payload: %dB, from: %dms}]\ntimeline:\n", s.Members[0].Name, s.Payload, source.Milliseconds())
	for i, name := range s.Order {
		fmt.Fprintf(&b, "  - {at: %dus, join: {nodes: %s, application: data}}\n", (time.Second + time.Duration(i)*s.Every).Microseconds(), name)
	}
	return b.String()
}

// Run runs a session in a world.
func (s *Session) Run(ctx context.Context, p Policy, o scenario.Options) ([]Outcome, error) {
	if len(s.Order) == 0 {
		return nil, fmt.Errorf("trees: nobody joins %s", s.Members[0].Name)
	}
	o.Registry = scenario.Shipped()
	plan, err := spec.Parse("trees.yaml", []byte(s.Scenario(p)), spec.Options{Algorithms: o.Registry})
	if err != nil {
		return nil, fmt.Errorf("trees: %w", err)
	}
	r, err := scenario.Run(ctx, plan, o)
	switch {
	case err != nil:
		return nil, fmt.Errorf("trees: %s in world %s: %w", p.Name, o.World, err)
	case r == nil || r.Stopped:
		return nil, context.Canceled
	}
	return s.outcomes(p, r), nil
}

func (s *Session) outcomes(p Policy, r *scenario.Result) []Outcome {
	_, from, to := s.times()
	own := func(node int, name string) float64 {
		v, _ := r.Read(spec.Measure{Name: "metric", Kind: spec.OwnMeasure, Metric: name}, spec.Target{Node: node, From: -1, To: -1}, 0, to)
		if math.IsNaN(v) { // the node has never set it: it never came into the tree
			return 0
		}
		return v
	}
	all := make([]Outcome, len(s.Members))
	for i, m := range s.Members {
		all[i] = Outcome{Kind: "tree", Policy: p.Name, World: r.World, Seed: s.Seed, Node: m.Name, KBps: m.KBps, Joins: slices.Contains(s.Order, m.Name),
			Degree: int(own(i, "degree")), Stress: own(i, "stress"), Depth: int(own(i, "depth")), Missed: uint64(own(i, "missed")), JoinMsgs: uint64(own(i, "join_msgs"))}
		if i > 0 {
			all[i].DataKBps = r.Throughput(spec.Target{Node: i, From: -1, To: -1}, from, to) / 1000
		}
		if d := r.Distribution(spec.Measure{Name: "metric", Kind: spec.OwnMeasure, Metric: "join_s"}, []spec.Target{{Node: i, From: -1, To: -1}}, 0, 0, to); d != nil && d.Count() > 0 {
			all[i].JoinS = d.Quantile(1)
		}
	}
	// Who feeds whom: the link that brought a node most in the window.
	most := make([]float64, len(all))
	for _, l := range r.Links {
		if got := r.Throughput(spec.Target{Node: -1, From: l[0], To: l[1]}, from, to); l[1] != 0 && got > most[l[1]] {
			most[l[1]], all[l[1]].Parent = got, s.Members[l[0]].Name
		}
	}
	return all
}
