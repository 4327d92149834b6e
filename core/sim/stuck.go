package sim

import (
	"fmt"
	"strings"

	"github.com/ioverlay/ioverlay/core"
)

// What repeats itself while time stands still, and whose it is.

// fire makes a timer of a node go off.
func (w *World) fire(n *Node, id uint64) {
	if n.last != w.now {
		n.last, n.fired = w.now, 0
	}
	if n.fired++; n.fired > w.opt.MaxTimers {
		w.stuck = fmt.Errorf("%w: %d timers of node %s have gone off at %v, the last of them %s: one that sets itself again needs a time above 0 (After)",
			ErrStuck, n.fired, n.Name(), w.now, n.timerName(id))
		return
	}
	n.core.Fire(id)
}

// timerName is what the algorithm says of a timer that is due, or its id; those of the switch and of bases are high bits and a number.
func (n *Node) timerName(id uint64) string {
	if namer, ok := n.core.Algorithm().(core.TimerNamer); ok {
		if name := namer.TimerName(id); name != "" {
			return name
		}
	}
	const own = 1 << 61 // above are those of algos.Base, of hosts and of the switch
	if id < own {
		return fmt.Sprintf("with id %d", id)
	}
	return fmt.Sprintf("with id %#x", id)
}

// busyFor is the error of an instant that does not end. A few more rounds show who is at work.
func (w *World) busyFor() error {
	const rounds = 10_000
	served := make([]int, len(w.nodes))
	for range rounds {
		if n := w.shard.Next(); n != nil {
			served[w.home(n).index]++
			w.shard.ServeNext()
		} else if w.shard.Unflushed() {
			w.shard.Flush()
		} else if first := w.queue.first(); first != nil && first.at <= w.now {
			if e := w.queue.pop(first); e.kind != evTimer || w.timers.due(&w.queue, e) {
				w.happen(e)
			}
		} else {
			break
		}
	}
	var busiest []string
	for range 2 {
		most := 0
		for i := range served {
			if served[i] > served[most] {
				most = i
			}
		}
		if len(served) > 0 && served[most] > 0 {
			busiest = append(busiest, fmt.Sprintf("%s (%d of the next %d rounds)", w.nodes[most].Name(), served[most], rounds))
			served[most] = 0
		}
	}
	who := "nobody has a turn: events alone"
	if busiest != nil {
		who = "the busiest are " + strings.Join(busiest, " and ")
	}
	return fmt.Errorf("%w: still busy after %d steps at %v; %s: what a message or timer causes must take time somewhere, or end", ErrStuck, w.steps, w.now, who)
}
