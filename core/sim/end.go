package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// How a run begins and ends: everybody hears at once that all are up, and that it is
// over.

// begun reports whether all that the world begins with has happened, when first is what
// comes next: the sources, which are asked last, or another time.
func (w *World) begun(first *event) bool {
	return first == nil || first.at > w.now || first.kind == evInject
}

// allUp tells the nodes that the world begins with that all of them have started. Those
// that start later are told right after Started.
func (w *World) allUp() {
	w.up = true
	for _, n := range w.nodes {
		if !n.core.Ended() {
			n.core.TellWorldUp()
		}
	}
}

// ErrUnfinished means that nodes still had messages to deliver when they had had time
// enough to end.
var ErrUnfinished = errors.New("sim: nodes could not end in time")

// Stop ends a run: at this time every node is told Stopping, before any of them sees a
// link end, and stops gracefully. The world goes on until all have ended. What still runs
// when the given time has passed is ended at once, and the error then wraps ErrUnfinished
// and names it; it can also wrap ErrStuck. Nobody starts after Stop: faults that are still
// to come restart no node. A second call does nothing.
func (w *World) Stop(within time.Duration) error {
	w.over = true
	for _, n := range w.nodes {
		n.core.Stop()
	}
	limit := w.now + within
	if _, err := w.run(limit, math.MaxUint64); err != nil {
		return err
	}
	if w.alive == 0 {
		return nil
	}
	w.now = max(w.now, limit)
	var late []string
	for _, n := range w.nodes {
		if !n.core.Ended() {
			late = append(late, n.Name())
			n.core.Kill()
		}
	}
	return fmt.Errorf("%w: after %v %s", ErrUnfinished, within, nameSome(late))
}

// nameSome lists the first few of many names.
func nameSome(names []string) string {
	const most = 10
	if more := len(names) - most; more > 0 {
		names = append(slices.Clone(names[:most]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
