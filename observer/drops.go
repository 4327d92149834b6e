package observer

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/record"
)

// What is dropped.
type dropKind int

const (
	dropTraces dropKind = iota
	dropEvents
	dropStrangers
	dropNodes
	dropUnproven
	dropLinks
	dropNews
	dropKinds
)

var dropWords = [dropKinds]string{
	dropTraces: "trace lines of nodes that write more than %[2]d a second", dropEvents: "events, of which there were too many at once",
	dropStrangers: "trace lines of nodes that nobody knows", dropNodes: "nodes beyond the limit of %[3]d",
	dropUnproven: "boots of nodes that may be somewhere else than they say", dropLinks: "links beyond the limits of a node, or of all",
	dropNews: "changes in one report that were too many",
}

// drops counts what goes over limits, and says so now and then.
type drops struct {
	count [dropKinds]uint64
	told  [dropKinds]uint64
	next  [dropKinds]time.Duration
}

func (d *drops) total() (n uint64) {
	for _, c := range d.count {
		n += c
	}
	return n
}

func (o *Observer) drop(k dropKind) { o.dropped.count[k]++ }

func (d *drops) tell(o *Observer) {
	now := o.Now()
	for k := range d.count {
		news := d.count[k] - d.told[k]
		if news == 0 || now < d.next[k] || len(o.pending.Events) >= maxPending {
			continue
		}
		d.told[k], d.next[k] = d.count[k], now+problemPause
		o.happened(record.EventProblem, nil, fmt.Sprintf("dropped %[1]d "+dropWords[k]+"%.0[2]d%.0[3]d", news, traceRate, o.o.Nodes))
	}
}
