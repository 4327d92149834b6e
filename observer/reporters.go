package observer

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/record"
)

// Nodes of one process report through one of them, the reporter (package observer/report), which is no node of the overlay.
// What it says counts for nodes at its own IP address that nobody else reports; of any other the node itself is asked who
// reports for it.

// reporter speaks for the nodes of a process.
type reporter struct {
	id      core.NodeID
	session uint64
	since   time.Duration // of the session
	begun   bool          // something has come in it
	next    uint64        // part that is expected

	asked   uint64
	askedAt time.Duration
	again   bool // its link is gone: it is asked once more
	pages   int  // that have answered the request

	members map[core.NodeID]*member
	checked bool // those that it does not know any more are down
	doubts  int  // nodes that were asked themselves, in this session

	dropped uint64 // lines, as it has said
	process record.Process
	cpu     time.Duration
	cpuAt   time.Duration
	pid     int
}

// begin begins anew with a reporter: it says everything once more.
func (o *Observer) begin(r *reporter) {
	r.session, r.since, r.begun, r.next, r.checked, r.doubts = o.number(), o.Now(), false, 0, false, 0
}

// beginAgain does so because something was lost, or makes no sense: not more often than each other poll, so that who lies
// gains no work by it.
func (o *Observer) beginAgain(r *reporter) {
	if o.Now()-r.since >= 2*o.o.Poll {
		o.begin(r)
	}
}

// reportedShared takes the answer of a reporter, which may be new.
func (o *Observer) reportedShared(r *reporter, m *member, c *candidate, s *algos.Status) {
	switch {
	case s.Shared == nil: // it is a node of its own now: as such it will say that it is there
		o.loseReporter(r, "its process reports for it no more")
		return
	case r != nil:
	case m != nil:
		o.counts.Malformed++ // it has reported for itself
		m.asked = 0
		return
	default:
		session := c.asked
		o.candidates.remove(c)
		if r = o.admitReporter(s.Node); r == nil {
			return
		}
		r.session, r.asked, r.askedAt = session, session, o.Now()
	}
	o.takeShared(r, s)
}

// admitReporter makes a reporter of a node that has answered; nil if there is no room.
func (o *Observer) admitReporter(id core.NodeID) *reporter {
	if len(o.reporters) >= maxReporters {
		o.drop(dropNodes)
		return nil
	}
	r := &reporter{id: id, members: make(map[core.NodeID]*member)}
	o.begin(r)
	o.reporterByID[id] = r
	o.reporters = append(o.reporters, r)
	return r
}

// askReporter asks for what has changed. Unless its link has gone, an answer is waited for.
func (o *Observer) askReporter(r *reporter) {
	now := o.Now()
	switch {
	case r.asked == 0:
		r.asked, r.askedAt, r.pages = o.number(), now, 0
	case now-r.askedAt >= max(silentPolls*o.o.Poll, silentTime):
		o.loseReporter(r, "no answer of the node that reports for it")
		return
	case !r.again:
		return
	}
	r.again = false
	m := o.NewControl(wire.TypeRequest, 0, algos.StatusAsk{Session: r.session, Every: o.o.Poll})
	m.SetSeq(r.asked)
	o.counts.Polls++
	o.Send(m, r.id)
}

// tickReporters asks the reporters, and looks for nodes that they have forgotten.
func (o *Observer) tickReporters() {
	for _, r := range slices.Clone(o.reporters) {
		if !r.checked && r.begun && o.Now()-r.since >= 2*o.o.Poll+silentTime {
			r.checked = true
			for _, m := range o.inOrder(r) {
				if m.session != r.session {
					o.fall(m, "its process knows it no more")
				}
			}
		}
		o.askReporter(r)
	}
}

// inOrder is the nodes of a reporter, by index.
func (o *Observer) inOrder(r *reporter) []*member {
	list := make([]*member, 0, len(r.members))
	for _, m := range o.members {
		if m != nil && m.via == r {
			list = append(list, m)
		}
	}
	return list
}

// loseReporter takes note that a reporter is there no more, and all its nodes with it.
func (o *Observer) loseReporter(r *reporter, why string) {
	for _, m := range o.inOrder(r) {
		o.fall(m, why)
		o.leave(m)
	}
	delete(o.reporterByID, r.id)
	o.reporters = slices.DeleteFunc(o.reporters, func(x *reporter) bool { return x == r })
}

// leave takes a node from its reporter.
func (o *Observer) leave(m *member) {
	if m.via != nil {
		delete(m.via.members, m.id)
		m.via, m.base = nil, nil
	}
}

// enter gives a node to a reporter.
func (o *Observer) enter(m *member, r *reporter) {
	o.leave(m)
	m.via = r
	m.asked, m.silent = 0, 0
	r.members[m.id] = m
}
