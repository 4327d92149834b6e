// Package check says where two runs of one scenario with one seed part, and whose fault that is: their traces are
// the same unless an algorithm is impure (package purity).
package check

import (
	"fmt"
	"io"
	"os"

	"github.com/ioverlay/ioverlay/core/sim/trace"
)

// Parting is where two runs part.
type Parting struct {
	trace.Difference
	// Culprit is the node that did something else in one run than in the other: the one that sent, or that set a timer.
	Culprit trace.Peer `json:"culprit,omitzero"`
	// Given is what that node was given last before, in both runs, the oldest first.
	Given []trace.Record `json:"given,omitempty"`
}

// Compare reads the traces of two runs, which must have what was sent in them (trace.Options.Sent), and keeps up
// to around records before and after the place where they part.
func Compare(fileA, fileB string, around int) (p Parting, err error) {
	a, closeA, err := open(fileA)
	if err != nil {
		return p, err
	}
	defer closeA()
	b, closeB, err := open(fileB)
	if err != nil {
		return p, err
	}
	defer closeB()
	if p.Difference, err = trace.Diff(a, b, around); err != nil {
		return p, fmt.Errorf("check: compare two runs: %w", err)
	}
	if p.Same {
		return p, nil
	}
	p.Culprit = culprit(p.A, p.B)
	again, closing, err := open(fileA)
	if err != nil {
		return p, err
	}
	defer closing()
	p.Given, err = given(again, p.Culprit, p.Common, around)
	return p, err
}

func open(name string) (*trace.Reader, func(), error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("check: open a trace: %w", err)
	}
	closing := func() { _ = f.Close() } // it was only read
	r, err := trace.NewReader(f)
	if err != nil {
		closing()
		return nil, nil, fmt.Errorf("check: %s: %w", name, err)
	}
	return r, closing, nil
}

// culprit is who made the first difference: of what was sent the sender, of a message the last hop, since who got
// it had no part in it, and else the node itself. If the runs differ in what comes first, the earlier one is new.
func culprit(a, b []trace.Record) trace.Peer {
	first := func(recs []trace.Record) *trace.Record {
		if len(recs) == 0 {
			return nil
		}
		return &recs[0]
	}
	r, other := first(a), first(b)
	if r == nil || other != nil && other.At < r.At {
		r = other
	}
	if r == nil {
		return trace.Peer{}
	}
	if r.Kind == trace.Message && r.From != (trace.Peer{}) {
		return r.From
	}
	return r.Node
}

// given reads the last messages that a node was given among the first records of a trace.
func given(r *trace.Reader, node trace.Peer, first uint64, most int) (recs []trace.Record, err error) {
	for range first {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("check: read a trace again: %w", err)
		}
		if rec.Kind != trace.Message || rec.Node != node {
			continue
		}
		if len(recs) == most {
			recs = append(recs[:0], recs[1:]...)
		}
		if most > 0 {
			recs = append(recs, rec)
		}
	}
	return recs, nil
}
