package repro

import (
	"context"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// World is where an experiment runs.
type World string

// The worlds.
const (
	Sim  World = "sim"  // virtual time, bit for bit the same each time
	Live World = "live" // the engine in this process, TCP, emulated bandwidth
	Proc World = "proc" // a process a node, TCP, emulated bandwidth
)

// bed runs the nodes of an experiment. Its methods are called from one goroutine.
type bed interface {
	// id is the ID of a node that was added, or in virtual time of any.
	id(name string) core.NodeID
	// add starts a node. Those that it sends to must have been added.
	add(name string, r role) error
	// begin starts a node's sources.
	begin(name string) error
	// wait lets time pass.
	wait(ctx context.Context, d time.Duration) error
	// read is a node's tally and the time at the node when it was taken.
	read(name string) (Tally, time.Duration, error)
	// close ends the nodes; an error tells of a slab that is still held.
	close() error
}

// emulate sets a role's limits at its node, on its loop.
func emulate(n *core.Node, r role) {
	n.SetBandwidth(r.bandwidth)
	for _, l := range r.links {
		n.SetLink(l.to, l.link)
	}
}

// Window is when an experiment is measured.
type Window struct {
	Warmup   time.Duration // until streams have found their rates
	Duration time.Duration
}

// NodeResult is what a node got in the window.
type NodeResult struct {
	Node          string  `json:"node"`
	Seconds       float64 `json:"seconds"`
	ReceivedPerS  float64 `json:"received_bytes_per_s"`
	UsefulPerS    float64 `json:"useful_bytes_per_s"`
	WrongMessages uint64  `json:"wrong_messages"` // since the node started
	// In virtual time: from when the source made a message to when it was received or decoded,
	// and the longest time in the window without one.
	DelayMean    float64 `json:"delay_mean_s,omitempty"`
	DelayLongest float64 `json:"delay_longest_s,omitempty"`
	Silence      float64 `json:"silence_longest_s,omitempty"`
}

// measure runs nodes that have been added, from their sources on.
func measure(ctx context.Context, b bed, sources, names []string, w Window) ([]NodeResult, error) {
	for _, name := range sources {
		if err := b.begin(name); err != nil {
			return nil, fmt.Errorf("start the sources at %s: %w", name, err)
		}
	}
	if err := b.wait(ctx, w.Warmup); err != nil {
		return nil, err
	}
	before := make([]Tally, len(names))
	start := make([]time.Duration, len(names))
	for i, name := range names {
		var err error
		if before[i], start[i], err = b.read(name); err != nil {
			return nil, fmt.Errorf("read the figures of %s: %w", name, err)
		}
	}
	if err := b.wait(ctx, w.Duration); err != nil {
		return nil, err
	}
	var results []NodeResult
	for i, name := range names {
		after, end, err := b.read(name)
		if err != nil {
			return nil, fmt.Errorf("read the figures of %s: %w", name, err)
		}
		d, s := after.minus(before[i]), (end - start[i]).Seconds()
		r := NodeResult{
			Node: name, Seconds: s, ReceivedPerS: float64(d.Received) / s, UsefulPerS: float64(d.Useful) / s, WrongMessages: after.Wrong,
			DelayLongest: d.Longest.Seconds(), Silence: d.Silence.Seconds(),
		}
		if d.Timed > 0 {
			r.DelayMean = d.Delay.Seconds() / float64(d.Timed)
		}
		results = append(results, r)
	}
	return results, nil
}
