package result

import (
	"fmt"
	"strings"
	"time"
)

// What makes figures less than they seem.

// Behind is a source that did not send what its rate asked for.
type Behind struct {
	Application string `json:"application"`
	Node        string `json:"node"`
	Sent        uint64 `json:"sent_messages"`
	Due         uint64 `json:"due_messages"`
}

// behindShare is the share of what is due that a source may owe before it is named;
// one message is always let off, which may be due at the moment of the reading.
const behindShare = 0.01

// Behind lists the sources that sent other than their rate: because the network did not
// take more, or because the machine was too slow.
func (r *Run) Behind() []Behind {
	all := []Behind{} // for programs: an empty list, not null
	for _, a := range r.Plan.Apps {
		c := r.Total(a.Node, a.ID)
		if owed := c.Due - c.Sent; c.Due > c.Sent && owed > 1 && float64(owed) > behindShare*float64(c.Due) {
			all = append(all, Behind{a.Name, r.Plan.Nodes[a.Node].Name, c.Sent, c.Due})
		}
	}
	return all
}

// Lateness is the worst of the run.
func (r *Run) Lateness() (worst Lateness) {
	for i := range r.Samples {
		l := r.Samples[i].Late
		worst.Timers = max(worst.Timers, l.Timers)
		worst.Sources = max(worst.Sources, l.Sources)
		worst.Loops = max(worst.Loops, l.Loops)
	}
	return worst
}

// StarvedIntervals is how many intervals there are, and in how many of them the machine
// had too much to do.
func (r *Run) StarvedIntervals() (starved, of int) {
	for i := 1; i < len(r.Samples); i++ {
		if r.Samples[i].Starved() {
			starved++
		}
	}
	return starved, max(len(r.Samples)-1, 0)
}

// starvedBetween reports whether the machine starved in a part of the run.
func (r *Run) starvedBetween(from, to time.Duration) bool {
	for i := range r.Samples {
		if s := &r.Samples[i]; s.At > from && s.Starved() {
			return true
		} else if s.At >= to {
			return false
		}
	}
	return false
}

// Warnings are what a reader of the figures must know.
func (r *Run) Warnings() []string {
	all := []string{}
	late := r.Lateness()
	if n, of := r.StarvedIntervals(); n > 0 {
		all = append(all, fmt.Sprintf("the machine had too much to do in %d of %d intervals (timers up to %v late, sources %v, loops %v): figures of rates and times there are the machine's",
			n, of, late.Timers.Round(time.Millisecond), late.Sources.Round(time.Millisecond), late.Loops.Round(time.Millisecond)))
	}
	const most = 5
	behind := r.Behind()
	var parts []string
	for _, b := range behind[:min(len(behind), most)] {
		parts = append(parts, fmt.Sprintf("%s at %s sent %d of %d messages", b.Application, b.Node, b.Sent, b.Due))
	}
	if len(behind) > most {
		parts = append(parts, fmt.Sprintf("and %d more sources", len(behind)-most))
	}
	if len(parts) > 0 {
		all = append(all, "sources sent less than their rate asks for: "+strings.Join(parts, "; "))
	}
	if w := r.pipeWarning(); w != "" {
		all = append(all, w)
	}
	all = append(all, r.ownWarnings()...)
	return append(all, r.Noted...)
}
