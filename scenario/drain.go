package scenario

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// The end of a run: sources stop, and what is on its way arrives.

const (
	// drainLook is how often a run that is over looks whether anything still moves.
	drainLook = 50 * time.Millisecond
	// drainQuiet is how long nothing may move for the run to be over: longer than
	// the time between two messages on a slow link.
	drainQuiet = 500 * time.Millisecond
)

// drain stops all sources and waits until everything has arrived.
func (d *driver) drain(ctx context.Context) error {
	for i := range d.plan.Apps {
		if d.plan.Apps[i].Until >= d.plan.Duration {
			if err := d.apply(ctx, spec.Step{At: d.plan.Duration, Kind: spec.StepStopApp, App: i}); err != nil {
				return err
			}
		}
	}
	limit := d.w.Now() + d.plan.Drain
	quietSince := d.w.Now()
	before := d.arrived
	var taken uint64
	for d.w.Now() < limit && d.w.Now()-quietSince < drainQuiet {
		if err := d.w.Advance(ctx, d.w.Now()+drainLook); err != nil {
			return err
		}
		// A look at every node costs a large world more than the messages do.
		if w, ok := d.w.(world.Taker); ok && d.queued == 0 && len(d.stopping()) == 0 && w.Taken() == taken &&
			d.w.Now() < limit && d.w.Now()-quietSince < drainQuiet {
			continue
		} else if ok {
			taken = w.Taken()
		}
		if err := d.read(); err != nil {
			return err
		}
		if d.arrived != before || d.queued > 0 || len(d.stopping()) > 0 {
			before, quietSince = d.arrived, d.w.Now()
		}
	}
	if err := d.sample(d.w.Now()); err != nil || d.plan.Drain == 0 {
		return err
	}
	return d.leftOver(ctx)
}

// leftOver says what still waits when the drain is over, and which nodes were stopped and
// have not ended. In virtual time it can be told whether they ever would.
func (d *driver) leftOver(ctx context.Context) error {
	left := d.left()
	if len(left) == 0 {
		return nil
	}
	d.out.Noted = append(d.out.Noted, left...)
	patience, known := d.patience()
	if d.w.Name() != "sim" || !known {
		return nil
	}
	before := d.arrived
	if err := d.w.Advance(ctx, d.w.Now()+patience); err != nil {
		return err
	}
	if err := d.read(); err != nil {
		return err
	}
	if d.arrived != before || len(d.left()) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s, and nothing has moved for %v since: nodes wait for each other, or an algorithm holds what it was given",
		ErrDeadlock, strings.Join(left, "; "), patience)
}

// left says in words what has not come to its end.
func (d *driver) left() (all []string) {
	if where, messages := d.waiting(); messages > 0 {
		all = append(all, fmt.Sprintf("%d messages still wait at %s when the drain of %v is over", messages, abbreviated(where), d.plan.Drain))
	}
	if stopping := d.stopping(); len(stopping) > 0 {
		all = append(all, "nodes that were stopped have not ended: "+abbreviated(stopping))
	}
	return all
}

// stopping are the nodes that were told to stop and still run.
func (d *driver) stopping() (names []string) {
	for i := range d.nodes {
		if n := &d.nodes[i]; n.running && n.stopping {
			names = append(names, d.plan.Nodes[i].Name)
		}
	}
	return names
}

// waiting are the nodes at which messages wait, and how many there are.
func (d *driver) waiting() (where []string, messages int) {
	for i := range d.nodes {
		if n := d.out.NodeState(i).Queued; n > 0 {
			where = append(where, d.plan.Nodes[i].Name)
			messages += n
		}
	}
	return where, messages
}

// mostPatience bounds how long a run in virtual time is watched for a deadlock.
const mostPatience = 10 * time.Minute

// patience is how long the slowest link or node may take for a message; false if that is
// too long to be waited for, or something is cut, and what waits may do so for ever.
func (d *driver) patience() (time.Duration, bool) {
	largest := wire.HeaderSize
	for i := range d.plan.Apps {
		largest = max(largest, wire.HeaderSize+d.plan.Apps[i].Payload)
	}
	worst := drainQuiet
	slowest := func(rate int64, delay time.Duration) {
		if rate > 0 {
			delay += time.Duration(float64(largest) / float64(rate) * float64(time.Second))
		}
		worst = max(worst, delay)
	}
	for i := range d.links {
		l := &d.links[i]
		if l.cut {
			return 0, false
		}
		slowest(l.Rate, l.Latency+10*l.Spread)
	}
	lanes := int64(max(len(d.links), 1)) // that may share a node's bandwidth
	for i := range d.nodes {
		n := &d.nodes[i]
		for _, rate := range []int64{n.bandwidth.Total, n.bandwidth.Up, n.bandwidth.Down} {
			if rate > 0 {
				slowest(max(rate/lanes, 1), 0)
			}
		}
		slowest(0, n.slow)
	}
	const messages = 4 // a few at the slowest place, before the next is seen to arrive
	return messages * worst, messages*worst <= mostPatience
}
