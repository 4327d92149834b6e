package observer

import (
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/record"
)

// booted takes note of a node that says it is up, and answers with some that are.
func (o *Observer) booted(m *core.Msg) {
	id := m.From()
	o.counts.Boots++
	if !id.Dialable() || id == o.ID() {
		o.counts.Malformed++
		return
	}
	if r := o.reporterByID[id]; r != nil {
		r.again = true // it has lost this one, or is another with its address
		o.askReporter(r)
		return
	}
	if mem := o.byID[id]; mem != nil {
		mem.greet = true
		o.ask(mem)
	} else if !o.heardOf(id, m.Proven()) {
		return
	}
	if m.Proven() {
		o.greet(id)
	}
}

// greet answers a boot message (paper, section 2.2): with a random subset of the nodes that are alive.
func (o *Observer) greet(id core.NodeID) {
	if mem := o.byID[id]; mem != nil {
		mem.greet = false
	}
	if c := o.candidates.at[id]; c != nil {
		c.greeted = true
	}
	o.Send(o.NewControl(wire.TypeBootReply, 0, algos.BootReply{Hosts: o.hostsFor(id)}), id)
}

// hostsFor draws hosts for a node.
func (o *Observer) hostsFor(id core.NodeID) (hosts []core.NodeID) {
	if most := min(o.o.Hosts, algos.MaxHosts); most > 0 {
		for _, m := range algos.Pick(o.Rand(), o.up, most+1) { // one more: the node itself may be among them
			if m.id != id && len(hosts) < most {
				hosts = append(hosts, m.id)
			}
		}
	}
	return hosts
}

// traced tells a line that an algorithm wrote.
func (o *Observer) traced(m *core.Msg) {
	mem := o.byID[m.From()]
	if mem == nil || !mem.up {
		o.drop(dropStrangers)
		return
	}
	o.line(mem, string(m.Payload()[:min(len(m.Payload()), maxText)]))
}

// line tells a line of a node.
func (o *Observer) line(mem *member, text string) {
	if !mem.traces.take(o.Now()) {
		o.drop(dropTraces)
		return
	}
	text = clean(text[:min(len(text), maxText)], maxText)
	if o.event(record.Event{Kind: record.EventTrace, Node: record.To(mem.index), Text: text}) {
		o.counts.Traces++
		o.log(record.EventTrace, mem, text)
	}
}

// bucket lets some things happen at once and so many a second.
type bucket struct{ due time.Duration }

func (b *bucket) take(now time.Duration) bool {
	const each = time.Second / traceRate
	if max(b.due, now) > now+(traceBurst-1)*each {
		return false
	}
	b.due = max(b.due, now) + each
	return true
}

func (o *Observer) log(kind string, m *member, text string) {
	if o.o.Log == nil {
		return
	}
	l := Line{T: o.now(), Kind: kind, Text: text}
	if m != nil {
		l.Node, l.Name = m.id, m.shown.Name.Or("")
	}
	o.o.Log(l)
}
