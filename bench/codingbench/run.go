package codingbench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// The values of "kind" of the objects of a result, beside those of package bench.
const (
	ObjectPoint   = "coding"
	ObjectSummary = "coding-summary"
)

// The contestants.
const (
	Kernel     = "kernel"      // the sums alone, in a loop
	Library    = "library"     // what the relay does with package coding, in a loop
	MemForward = "mem-forward" // the relay forwards, links in memory
	MemRecode  = "mem-recode"
	TCPForward = "tcp-forward"
	TCPRecode  = "tcp-recode"
)

// Target is what recoding over links in memory must reach of the kernel's speed.
const Target = 0.7

// Plan is what one run compares.
type Plan struct {
	N        int           `json:"n"` // packets in
	M        int           `json:"m"` // packets out for them
	K        int           `json:"k"`
	Size     int           `json:"packet_bytes"`
	Links    []string      `json:"links"`
	Rounds   int           `json:"rounds"`
	Warmup   time.Duration `json:"warmup_ns"`
	Duration time.Duration `json:"duration_ns"`
}

// Contestants are the names of what is measured.
func (p Plan) Contestants() []string {
	names := []string{Kernel, Library}
	for _, l := range p.Links {
		names = append(names, l+"-forward", l+"-recode")
	}
	return names
}

// Point is one contestant in one round, and the JSON object that a line of results holds.
type Point struct {
	Kind               string  `json:"kind"` // ObjectPoint
	Contestant         string  `json:"contestant"`
	Round              int     `json:"round"`
	Seconds            float64 `json:"seconds"`
	CPUSeconds         float64 `json:"cpu_seconds"` // of the process: source, relay and receiver
	Packets            uint64  `json:"packets"`     // that reached the receiver, or were made by the kernel
	GoodputPerS        float64 `json:"goodput_bytes_per_s"`
	BytesPerCPUS       float64 `json:"bytes_per_cpu_s"`
	CPUPerPacketNS     float64 `json:"cpu_ns_per_packet"`
	InnovativeRatio    float64 `json:"innovative_ratio,omitempty"` // of packets of sampled generations
	DecodedGenerations uint64  `json:"decoded_generations,omitempty"`
	Wrong              uint64  `json:"wrong_packets"`
}

// Line sums up a contestant over the rounds.
type Line struct {
	Contestant     string        `json:"contestant"`
	GoodputPerS    *bench.Spread `json:"goodput_bytes_per_s"`
	BytesPerCPUS   *bench.Spread `json:"bytes_per_cpu_s"`
	CPUPerPacketNS *bench.Spread `json:"cpu_ns_per_packet"`
	OfKernel       *bench.Spread `json:"of_kernel,omitempty"`  // bytes per CPU-second, within rounds
	OfForward      *bench.Spread `json:"of_forward,omitempty"` // recoding beside forwarding on the same links
	Innovative     *bench.Spread `json:"innovative_ratio,omitempty"`
}

// Summary is the last object of a result.
type Summary struct {
	Kind  string `json:"kind"` // ObjectSummary
	Plan  Plan   `json:"plan"`
	Lines []Line `json:"lines"`
}

// Report is everything that a run found.
type Report struct {
	Plan        Plan
	Points      []Point
	Summary     Summary
	Interrupted bool
}

// Wrong is how many packets were not what was coded.
func (r Report) Wrong() (n uint64) {
	for _, p := range r.Points {
		n += p.Wrong
	}
	return n
}

// Run measures a plan and calls record with each object as it comes. The end of the
// context ends it, and what was measured until then is summed up.
func Run(ctx context.Context, p Plan, step func(what string), record func(any) error) (Report, error) {
	r := Report{Plan: p}
	b, err := newBlock(p.K, p.Size)
	if err != nil {
		return r, err
	}
	for round := 0; round < p.Rounds && !r.Interrupted; round++ {
		if err := r.round(ctx, b, round, step, record); err != nil {
			return r, err
		}
	}
	r.Summary = summarize(p, r.Points)
	return r, record(r.Summary)
}

// round measures every contestant once, or until the context ends: a window that it has cut short counts for nothing.
func (r *Report) round(ctx context.Context, b *block, round int, step func(what string), record func(any) error) error {
	names := r.Plan.Contestants()
	for i := range names {
		name := names[(i+round)%len(names)]
		step(name)
		pt, err := runOne(ctx, r.Plan, b, name)
		if r.Interrupted = ctx.Err() != nil; r.Interrupted {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s, round %d: %w", name, round+1, err)
		}
		pt.Contestant, pt.Round = name, round+1
		r.Points = append(r.Points, pt)
		if err := record(pt); err != nil {
			return err
		}
	}
	return nil
}

func runOne(ctx context.Context, p Plan, b *block, name string) (Point, error) {
	links := engine.Mem
	switch name {
	case Kernel:
		return runKernel(ctx, p, b)
	case Library:
		return runLibrary(ctx, p, b)
	case TCPForward, TCPRecode:
		links = engine.TCP
	}
	return runChain(ctx, p, b, links, name == MemRecode || name == TCPRecode)
}

// runChain measures source, relay and receiver on one loop.
func runChain(ctx context.Context, p Plan, b *block, links engine.Links, recode bool) (pt Point, err error) {
	e, err := engine.New(engine.Options{Loops: 1, Links: links, ExpectNodes: 3})
	if err != nil {
		return Point{}, err
	}
	defer func() {
		e.Close()
		if held := e.Pool().Held(); held != 0 {
			err = errors.Join(err, fmt.Errorf("the engine ended with %d slabs still held", held))
		}
	}()
	rcv := &receiver{block: b}
	last, err := e.AddNode(rcv, engine.NodeOptions{})
	if err != nil {
		return Point{}, err
	}
	var alg core.Algorithm = &forwarder{to: last.ID()}
	if recode {
		alg = netcode.NewMixer(p.N, p.M, last.ID())
	}
	relay, err := e.AddNode(alg, engine.NodeOptions{})
	if err != nil {
		return Point{}, err
	}
	first, err := e.AddNode(&forwarder{to: relay.ID()}, engine.NodeOptions{})
	if err != nil {
		return Point{}, err
	}
	if err := first.Do(func(n *core.Node) { n.AddSource(app, &source{block: b}) }); err != nil {
		return Point{}, err
	}
	wait := func(d time.Duration) {
		select {
		case <-ctx.Done():
		case <-time.After(d):
		}
	}
	return timed(p, wait, func() (c Count, err error) {
		err = last.Do(func(*core.Node) { c = rcv.count })
		return c, err
	})
}

// summarize takes medians over rounds, and ratios within them.
func summarize(p Plan, points []Point) Summary {
	s := Summary{Kind: ObjectSummary, Plan: p}
	for _, name := range p.Contestants() {
		l := Line{Contestant: name}
		over := func(f func(Point) float64) *bench.Spread {
			var vs []float64
			for _, pt := range points {
				if v := f(pt); pt.Contestant == name && v > 0 {
					vs = append(vs, v)
				}
			}
			return bench.SpreadOf(vs)
		}
		beside := func(other string) *bench.Spread {
			return over(func(pt Point) float64 {
				i := slices.IndexFunc(points, func(o Point) bool { return o.Contestant == other && o.Round == pt.Round })
				if i < 0 || points[i].BytesPerCPUS == 0 {
					return 0
				}
				return pt.BytesPerCPUS / points[i].BytesPerCPUS
			})
		}
		l.GoodputPerS = over(func(pt Point) float64 { return pt.GoodputPerS })
		l.BytesPerCPUS = over(func(pt Point) float64 { return pt.BytesPerCPUS })
		l.CPUPerPacketNS = over(func(pt Point) float64 { return pt.CPUPerPacketNS })
		l.Innovative = over(func(pt Point) float64 { return pt.InnovativeRatio })
		switch name {
		case Library:
			l.OfKernel = beside(Kernel)
		case MemRecode:
			l.OfKernel, l.OfForward = beside(Kernel), beside(MemForward)
		case TCPRecode:
			l.OfKernel, l.OfForward = beside(Kernel), beside(TCPForward)
		}
		s.Lines = append(s.Lines, l)
	}
	return s
}
