package failures

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Spec says what to measure.
type Spec struct {
	Program      []string      // how this program is run again
	Kinds        []string      // of failure; see Kinds
	Trials       int           // of each kind
	StallTimeout time.Duration // of the nodes
	FailTimeout  time.Duration
}

// Trial is one failure and how it was noticed. Times are in nanoseconds.
type Trial struct {
	Object    string        `json:"object"` // "trial"
	Kind      string        `json:"kind"`
	Trial     int           `json:"trial"`
	Noticed   string        `json:"noticed"`            // what the detecting node logged
	Reason    string        `json:"reason"`             // and why it said that was
	Detection time.Duration `json:"detection_ns"`       // from the failure to that line
	Recovery  time.Duration `json:"recovery_ns"`        // of a stopped process: from SIGCONT to recovered
	Messages  uint64        `json:"messages,omitempty"` // that arrived, where that is counted
	How       string        `json:"how,omitempty"`      // packets were lost
}

// Skipped is a kind that could not be measured here, and why.
type Skipped struct {
	Object string `json:"object"` // "skipped"
	Kind   string `json:"kind"`
	Why    string `json:"why"`
}

// kind is a way to fail.
type kind struct {
	name    string
	what    string
	needNet bool
	trial   func(ctx context.Context, s Spec, n *nets) (Trial, error)
}

func kinds() []kind {
	return []kind{
		{"kill-down", "kill -9 of a downstream: its upstream is told", false, killDown},
		{"kill-up", "kill -9 of an upstream: its downstream is told", false, killUp},
		{"domino", fmt.Sprintf("kill -9 in a chain of %d: its end is told", dominoNodes), false, domino},
		{"stop", "SIGSTOP of a downstream: reported as stalled", false, stopped},
		{"cut", "silent cut while data flows: the link ends", true, cut},
		{"stop-cut", "silent cut of a stopped process: the link ends", true, stoppedAndCut},
		{"loss", fmt.Sprintf("packets lost for %v: the link lives", lossTime), true, loss},
	}
}

// Kinds are the names of the kinds of failure, in the order in which they are
// measured.
func Kinds() (names []string) {
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// Run measures, and hands each Trial and Skipped to record as it is there.
func Run(ctx context.Context, s Spec, record func(any) error) error {
	for _, k := range kinds() {
		for _, name := range s.Kinds {
			if name != k.name {
				continue
			}
			if err := k.run(ctx, s, record); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
	}
	return nil
}

// errNotHere means that a kind cannot be measured on this system.
var errNotHere = errors.New("not measured")

func (k kind) run(ctx context.Context, s Spec, record func(any) error) error {
	for i := range s.Trials {
		t, err := k.once(ctx, s)
		switch {
		case errors.Is(err, errNotHere) && i == 0:
			return record(Skipped{Object: "skipped", Kind: k.name, Why: err.Error()})
		case err != nil:
			return fmt.Errorf("trial %d: %w", i+1, err)
		}
		t.Object, t.Kind, t.Trial = "trial", k.name, i+1
		if err := record(t); err != nil {
			return err
		}
	}
	return nil
}

// once makes what a trial needs, runs it, and takes it away.
func (k kind) once(ctx context.Context, s Spec) (Trial, error) {
	if !k.needNet {
		return k.trial(ctx, s, nil)
	}
	n, err := newNets(ctx)
	if err != nil {
		return Trial{}, fmt.Errorf("%w: %w", errNotHere, err)
	}
	defer n.close()
	return k.trial(ctx, s, n)
}
