package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// SimSpec describes a world in virtual time and how long it is watched.
type SimSpec struct {
	Nodes    int    `json:"nodes"`
	Load     string `json:"load"`     // one of SimLoads
	Messages uint64 `json:"messages"` // to be measured, after a warm-up of a fifth as many or more
	Seed     uint64 `json:"seed"`
}

// SimResult is how fast a world ran. A message event is one message that a node has
// taken from another and that its algorithm was given: a message over four links
// counts four times. Timers, the ends of links and what sources hand to their own
// nodes are not counted. Loads that go through the scenario layer are measured whole,
// from the reading of the file to the end of the drain; the others after a warm-up.
type SimResult struct {
	Kind            string  `json:"kind"` // "sim"
	Load            string  `json:"load"`
	Seed            uint64  `json:"seed"`
	Round           int     `json:"round"`
	Nodes           int     `json:"nodes"`
	Links           int     `json:"links"`
	Messages        uint64  `json:"messages"` // message events measured
	Bytes           uint64  `json:"bytes"`    // of them, headers included
	CPUSeconds      float64 `json:"cpu_seconds"`
	WallSeconds     float64 `json:"wall_seconds"`
	VirtualSeconds  float64 `json:"virtual_seconds"`
	MessagesPerCPUs float64 `json:"messages_per_cpu_second"`
	RSSPeak         int64   `json:"rss_peak_bytes"` // of the process, all that it did included
}

// Sim builds a world and measures it, in this process, whose peak memory is counted.
func Sim(ctx context.Context, s SimSpec) (SimResult, error) {
	if text, is := simScenarios[s.Load]; is {
		return simScenario(ctx, s, text(s))
	}
	r := SimResult{Kind: "sim", Load: s.Load, Seed: s.Seed, Nodes: s.Nodes}
	l, err := newSimLoad(s)
	if err != nil {
		return r, err
	}
	for err = l.until(ctx, s.Messages/5+1); err == nil && l.world.Totals().Links < l.links; {
		err = l.until(ctx, l.world.Taken()+1) // a stream has not come to the end of its chain
	}
	if err != nil {
		return r, err
	}
	before, started := l.world.Totals(), time.Now()
	usage0, err := nodereport.Self()
	if err != nil {
		return r, err
	}
	if err := l.until(ctx, before.Messages+s.Messages); err != nil {
		return r, err
	}
	r.WallSeconds = time.Since(started).Seconds()
	usage1, err := nodereport.Self()
	if err != nil {
		return r, err
	}
	after := l.world.Totals()
	r.Links = after.Links
	r.Messages, r.Bytes = after.Messages-before.Messages, after.Bytes-before.Bytes
	r.VirtualSeconds = (after.Time - before.Time).Seconds()
	r.CPUSeconds = (usage1.CPU - usage0.CPU).Seconds()
	r.MessagesPerCPUs = float64(r.Messages) / r.CPUSeconds
	r.RSSPeak = usage1.RSSPeak
	return r, l.world.Close()
}

// until lets time pass until so many messages have been taken.
func (l simLoad) until(ctx context.Context, messages uint64) error {
	for l.world.Taken() < messages {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := l.step(); err != nil {
			return err
		}
	}
	return nil
}

// RunSim measures in a process of its own. serve is how this program is told to be
// the child: it is followed by the spec as JSON.
func RunSim(ctx context.Context, serve []string, s SimSpec) (r SimResult, err error) {
	err = runSelf(ctx, fmt.Sprintf("the process of %d nodes under %s in virtual time", s.Nodes, s.Load), serve, s, &r)
	return r, err
}

// ServeSim is the child's side of RunSim.
func ServeSim(ctx context.Context, specJSON string) (SimResult, error) {
	var s SimSpec
	if err := json.Unmarshal([]byte(specJSON), &s); err != nil {
		return SimResult{}, fmt.Errorf("%w: %w", ErrSpec, err)
	}
	if s.Nodes < 2 || s.Messages == 0 {
		return SimResult{}, fmt.Errorf("%w: %d nodes and %d messages: want 2 and 1 at least", ErrSpec, s.Nodes, s.Messages)
	}
	return Sim(ctx, s)
}
