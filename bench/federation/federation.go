// Package federation reproduces the paper's case study of service federation (section 3.3): which instances the protocol of
// algos/sflow chooses in an overlay of 16 nodes (figure 8), and what that costs and leaves untouched (figure 9), beside
// random choices and the best there is. Choices come out of the protocol, run as a scenario.
package federation

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Policies are how an instance is chosen: as the paper does, and by chance to compare with.
var Policies = []string{"rate", "random"}

// Outcome is one federation in one overlay.
type Outcome struct {
	Kind      string  `json:"kind"` // "federation"
	Policy    string  `json:"policy"`
	World     string  `json:"world"`
	Seed      uint64  `json:"seed"`
	Nodes     int     `json:"nodes"`
	Chosen    []int   `json:"chosen"`       // nodes by step
	Allowed   float64 `json:"allowed_kbps"` // by the overlay's rates, headers included
	Optimum   float64 `json:"optimum_kbps"`
	Best      []int   `json:"best"`
	Measured  float64 `json:"measured_kbps"` // at the last hop, headers included
	DelayMs   float64 `json:"delay_ms"`      // from the source to the sink, median of messages under load
	PathMs    float64 `json:"path_ms"`       // latency of the longest branch, without queues
	FederateS float64 `json:"federate_s"`    // from the question to the plan, measurements included
	Nodewise  []Node  `json:"nodewise"`
	Links     []Link  `json:"links"`
}

// Node is what a node had to do with it.
type Node struct {
	Name          string  `json:"name"`
	Service       string  `json:"service,omitempty"`
	AwareBytes    uint64  `json:"aware_bytes"`    // sAware that came, headers included
	FederateBytes uint64  `json:"federate_bytes"` // sFederate that came, likewise
	ProbeBytes    uint64  `json:"probe_bytes"`    // of measurements, sent
	InKBps        float64 `json:"in_kbps"`        // data of the session
	OutKBps       float64 `json:"out_kbps"`
}

// Link is one that carried data.
type Link struct {
	From string  `json:"from"`
	To   string  `json:"to"`
	KBps float64 `json:"kbps"`
	Cap  float64 `json:"cap_kbps"`
}

// Times of a run. Federation may take as long as the measurements do.
const (
	asked  = 10 * time.Second
	start  = 100 * time.Second
	from   = 120 * time.Second
	to     = 150 * time.Second
	buffer = 10 // messages
)

// scenario is a federation as a scenario's text.
func (o *Overlay) scenario(policy string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name: federation\nseed: %d\nduration: %ds\ndrain: 0s\nbuffers: {messages: %d}\nbootstrap: {random: %d}\nalgorithm: {name: sflow, choose: %s}\nnodes:\n",
		o.Seed, to/time.Second, buffer, min(o.Known, len(o.Names)-1), policy)
	beside := func(service string) string {
		var before, behind []string
		for _, s := range o.Need.Steps {
			for _, v := range s.Next {
				switch next := o.Need.Steps[v].Service; service {
				case s.Service:
					behind = append(behind, next)
				case next:
					before = append(before, s.Service)
				}
			}
		}
		text := service
		if len(before) > 0 {
			text += " < " + strings.Join(before, ", ")
		}
		if len(behind) > 0 {
			text += " > " + strings.Join(behind, ", ")
		}
		return text
	}
	for i, name := range o.Names {
		if o.Services[i] == "" {
			fmt.Fprintf(&b, "  - %s\n", name)
		} else {
			fmt.Fprintf(&b, "  - {names: %s, algorithm: {name: sflow, choose: %s, service: %q, does: join}}\n", name, policy, beside(o.Services[i]))
		}
	}
	b.WriteString("links:\n")
	for i := range o.Names {
		for j := range o.Names {
			if i != j {
				fmt.Fprintf(&b, "  - {link: %s -> %s, rate: %.0fKBps, latency: %dus}\n", o.Names[i], o.Names[j], o.KBps[i][j], o.Latency[i][j].Microseconds())
			}
		}
	}
	source := o.Names[o.having(o.Need.Steps[0].Service)[0]]
	fmt.Fprintf(&b, "applications: [{name: data, at: %s, source: back-to-back, payload: 1000B, from: %ds}]\n", source, start/time.Second)
	fmt.Fprintf(&b, "expect: [latency(%s) >= 0s]\n", o.Names[o.having(o.Need.Steps[o.Need.Sink()].Service)[0]]) // so that messages are followed
	fmt.Fprintf(&b, "timeline:\n  - {at: %ds, send: {to: %s, type: federate, app: data, payload: %q}}\n", asked/time.Second, source, o.Need.String())
	return b.String()
}

// Seconds is how long a run is.
const Seconds = float64(to / time.Second)

// ErrNotFederated means that the protocol found no plan, or data did not come through.
var ErrNotFederated = errors.New("not federated")

// Run federates in a world.
func (o *Overlay) Run(ctx context.Context, policy string, opt scenario.Options) (*Outcome, error) {
	opt.Registry = scenario.Shipped()
	plan, err := spec.Parse("federation.yaml", []byte(o.scenario(policy)), spec.Options{Algorithms: opt.Registry})
	if err != nil {
		return nil, fmt.Errorf("federation: %w", err)
	}
	r, err := scenario.Run(ctx, plan, opt)
	switch {
	case err != nil:
		return nil, fmt.Errorf("federation: seed %d, %s, in world %s: %w", o.Seed, policy, opt.World, err)
	case r == nil || r.Stopped:
		return nil, context.Canceled
	}
	return o.outcome(policy, r)
}

func (o *Overlay) outcome(policy string, r *scenario.Result) (*Outcome, error) {
	out := &Outcome{Kind: "federation", Policy: policy, World: r.World, Seed: o.Seed, Nodes: len(o.Names)}
	out.Best, out.Optimum = o.Optimum()
	carries := make([]float64, len(o.Names)) // into a node; at the source, out of it
	for i, name := range o.Names {
		n := Node{Name: name, Service: o.Services[i]}
		n.AwareBytes, n.FederateBytes, n.ProbeBytes = uint64(own(r, i, "aware_bytes")), uint64(own(r, i, "federate_bytes")), uint64(own(r, i, "probe_bytes"))
		out.Nodewise = append(out.Nodewise, n)
	}
	for _, l := range r.Links {
		kbps := r.Throughput(spec.Target{Node: -1, From: l[0], To: l[1]}, from, to) / 1000
		if math.IsNaN(kbps) || kbps < 0.5 {
			continue
		}
		out.Links = append(out.Links, Link{o.Names[l[0]], o.Names[l[1]], kbps, o.KBps[l[0]][l[1]]})
		out.Nodewise[l[0]].OutKBps += kbps
		out.Nodewise[l[1]].InKBps += kbps
		carries[l[0]], carries[l[1]] = carries[l[0]]+kbps, carries[l[1]]+kbps
	}
	for _, s := range o.Need.Steps {
		best := -1
		for _, n := range o.having(s.Service) {
			if carries[n] > 0 && (best < 0 || carries[n] > carries[best]) {
				best = n
			}
		}
		if best < 0 {
			return nil, fmt.Errorf("federation: seed %d, %s: %w: no data at an instance of %s", o.Seed, policy, ErrNotFederated, s.Service)
		}
		out.Chosen = append(out.Chosen, best)
	}
	sink := out.Chosen[len(out.Chosen)-1]
	out.Allowed, out.Measured = o.Rate(out.Chosen), out.Nodewise[sink].InKBps
	out.PathMs = float64(o.PathLatency(out.Chosen).Microseconds()) / 1000
	out.FederateS = median(r, sink, spec.Measure{Name: "metric", Kind: spec.OwnMeasure, Metric: "federate_s"})
	for _, m := range spec.Measures {
		if m.Name == "latency" {
			out.DelayMs = 1000 * median(r, sink, m)
		}
	}
	return out, nil
}

// own is a figure that a node keeps; 0 if it never did.
func own(r *scenario.Result, node int, name string) float64 {
	v, _ := r.Read(spec.Measure{Name: "metric", Kind: spec.OwnMeasure, Metric: name}, spec.Target{Node: node, From: -1, To: -1}, 0, to)
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// median is that of what a node recorded; NaN if it did not.
func median(r *scenario.Result, node int, m spec.Measure) float64 {
	d := r.Distribution(m, []spec.Target{{Node: node, From: -1, To: -1}}, 0, 0, to)
	if d == nil || d.Count() == 0 {
		return math.NaN()
	}
	return d.Quantile(0.5)
}
