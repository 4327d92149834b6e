package spec

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// churn turns coming and going into steps, before the run, so that it is the same
// in every world.
func (r *resolver) churn(e *Event) {
	if e.Churn.Trace != "" {
		r.churnTrace(e)
		return
	}
	r.churnByRate(e)
}

// maxSteps bounds what churn may produce.
const maxSteps = 100_000

// churnByRate: failures are a Poisson process over those that are up; each comes
// back after its time. Nodes that would come back after the end stay away.
func (r *resolver) churnByRate(e *Event) {
	c := e.Churn
	rng := r.rng(streamChurn)
	nodes := r.indices(c.Nodes.Parts)
	until := r.plan.Duration
	if c.Until != nil {
		switch until = c.Until.Duration; {
		case until > r.plan.Duration:
			r.report(c.Until.Span, "", "the run ends at %v, before this", r.plan.Duration)
		case until <= e.At.Duration:
			r.report(c.Until.Span, "", "this churn begins at %v, and so it would end before it begins", e.At.Duration)
		}
	}
	kind := StepKill
	if c.How == DepartStop {
		kind = StepStop
	}
	backAt := make(map[int]time.Duration)
	at := e.At.Duration
	for range maxSteps {
		at += seconds(rng.ExpFloat64() / c.Rate.MsgsPerSec)
		if at > until {
			return
		}
		node := pickUp(nodes, backAt, at, rng)
		if node < 0 {
			continue // nearly all are down at this moment
		}
		back := at + max(c.Down.time(rng), time.Millisecond)
		backAt[node] = back
		r.step(e.Span, Step{At: at, Kind: kind, Nodes: []int{node}})
		if back <= r.plan.Duration {
			r.step(e.Span, Step{At: back, Kind: StepStart, Nodes: []int{node}})
		}
	}
	r.report(e.Span, "", "this churn has more than %d failures", maxSteps)
}

// pickUp draws one of the nodes that are up; -1 if all that it looked at are down.
func pickUp(nodes []int, backAt map[int]time.Duration, at time.Duration, rng *rand.Rand) int {
	const tries = 32
	for range tries {
		if len(nodes) == 0 {
			break
		}
		if n := nodes[rng.IntN(len(nodes))]; backAt[n] <= at {
			return n
		}
	}
	return -1
}

// churnTrace reads lines of "seconds,node,kill|stop|start" from the event's time on.
// Lines that begin with # are comments.
func (r *resolver) churnTrace(e *Event) {
	c := e.Churn
	src, err := r.open(c.Trace)
	if err != nil {
		r.report(c.Span, "It is looked for beside the scenario.", "the churn trace cannot be read: %v", err)
		return
	}
	in := make(map[int]bool)
	for _, n := range r.indices(c.Nodes.Parts) {
		in[n] = true
	}
	rows := csv.NewReader(bytes.NewReader(withoutMark(src)))
	rows.Comment, rows.FieldsPerRecord, rows.TrimLeadingSpace = '#', 3, true
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		line, _ := 0, 0
		if err == nil {
			line, _ = rows.FieldPos(0)
			err = r.traceRow(e, in, row)
		}
		if err != nil {
			r.report(c.Span, "Each line is: seconds, node, and kill, stop or start.", "%s:%d: %v", c.Trace, line, err)
			return
		}
	}
}

var traceKinds = map[string]StepKind{"kill": StepKill, "stop": StepStop, "start": StepStart}

func (r *resolver) traceRow(e *Event, in map[int]bool, row []string) error {
	at, err := strconv.ParseFloat(row[0], 64)
	if err != nil || !(at >= 0 && at <= maxSeconds) {
		return fmt.Errorf("%q is no time in seconds", row[0])
	}
	node := r.plan.NodeNamed(row[1])
	if node < 0 {
		return fmt.Errorf("there is no node %q", row[1])
	}
	kind, ok := traceKinds[row[2]]
	if !ok {
		return fmt.Errorf("%q is not kill, stop or start", row[2])
	}
	when := e.At.Duration + seconds(at)
	switch {
	case !in[node]:
		return fmt.Errorf("%s is not among the nodes of this churn", row[1])
	case when > r.plan.Duration:
		return fmt.Errorf("the run ends at %v, before this happens at %v", r.plan.Duration, when)
	}
	r.step(e.Span, Step{At: when, Kind: kind, Nodes: []int{node}})
	return nil
}
