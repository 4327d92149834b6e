package observer

import (
	"math"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/record"
)

// takeShared takes what a reporter says of the nodes of its process.
func (o *Observer) takeShared(r *reporter, s *algos.Status) {
	sh := s.Shared
	if sh.Session != r.session {
		o.answered(r, sh)
		return // of the session before: what came after it is on its way
	}
	if sh.Lost || r.begun && sh.First != r.next {
		o.begin(r)
		o.answered(r, sh)
		return
	}
	r.begun, r.next = true, sh.Next
	o.reporterProcess(r, s)
	for _, bytes := range sh.Members {
		o.takeMember(r, bytes)
	}
	for _, id := range sh.Gone {
		if m := o.byID[id]; m != nil && m.via == r {
			o.fall(m, "it has ended")
			o.leave(m)
		}
	}
	for _, id := range sh.Silent {
		if m := o.byID[id]; m != nil && m.via == r {
			o.fall(m, "it does nothing, though its process is there")
		}
	}
	for i := range sh.Lines {
		if m := o.byID[sh.Lines[i].Node]; m != nil && m.via == r {
			o.line(m, sh.Lines[i].Text)
		} else {
			o.drop(dropStrangers)
		}
	}
	if sh.Dropped > r.dropped {
		o.dropped.count[dropTraces] += min(sh.Dropped-r.dropped, maxPending) // no more than could have been told
	}
	r.dropped = sh.Dropped
	o.answered(r, sh)
}

// answered closes a request with the last of its answers.
func (o *Observer) answered(r *reporter, sh *algos.StatusShared) {
	if r.pages++; !sh.More || r.pages >= maxPages {
		r.asked = 0
	}
}

// takeMember takes the report of one node.
func (o *Observer) takeMember(r *reporter, bytes []byte) {
	var s algos.Status
	if algos.Decode(bytes, &s) != nil || s.Version != algos.StatusVersion || s.Shared != nil {
		o.counts.Malformed++
		return
	}
	m := o.byID[s.Node]
	if (m == nil || m.via != r) && !o.mayReport(r, m, s.Node) {
		return
	}
	if s.Delta != nil {
		if m == nil || m.via != r || m.base == nil || m.session != r.session || m.base.Number != s.Delta.Base {
			o.counts.Malformed++
			o.beginAgain(r)
			return
		}
		if s.Delta.Apply(m.base, s.Now) != nil {
			o.counts.Malformed++
			return
		}
		m.base.Number = s.Number
	} else {
		if m == nil {
			if m = o.admit(s.Node); m == nil {
				return
			}
		}
		if m.via != r {
			o.enter(m, r)
		}
		m.session = r.session
		s.Process = nil
		m.base = &s
	}
	o.counts.Reports++
	came := o.came(m)
	o.take(m, m.base, came)
	if came {
		o.greetVia(m)
	}
}

// mayReport reports whether a reporter is believed when it speaks for a node that it did not speak for. If not, the node
// itself is asked, as far as that is not too much.
func (o *Observer) mayReport(r *reporter, m *member, id core.NodeID) bool {
	if !id.Dialable() || id == o.ID() || o.reporterByID[id] != nil {
		o.counts.Stray++
		return false
	}
	if m != nil && m.proven == r.id {
		return true // it has said so itself
	}
	if sameHost(id, r.id) && (m == nil || !m.up) {
		return true
	}
	o.counts.Stray++
	if r.doubts++; r.doubts > maxUnproven {
		o.drop(dropUnproven)
		return false
	}
	if m != nil {
		o.ask(m)
	} else {
		o.heardOf(id, false)
	}
	return false
}

// named by a node itself as its reporter: what that says of it is believed from now on.
func (o *Observer) provenBy(m *member, via *core.NodeID) {
	switch {
	case via == nil:
		m.proven = core.NodeID{}
		o.leave(m)
		return
	case m.proven == *via && m.via != nil && m.via.id == *via:
		return
	}
	m.proven = *via
	if r := o.reporterByID[*via]; r == nil {
		o.heardOf(*via, true)
	} else if m.via != r {
		o.enter(m, r)
		o.beginAgain(r) // so that it says everything of it
	}
}

// sameHost reports whether two nodes are on one host for sure: at one IP address, or both on this host's loopback.
func sameHost(a, b core.NodeID) bool {
	x, y := a.AddrPort().Addr(), b.AddrPort().Addr()
	return x == y || x.IsLoopback() && y.IsLoopback()
}

// greetVia answers the boot of a node that reports through another.
func (o *Observer) greetVia(m *member) {
	id := m.id
	o.Send(o.NewControl(wire.TypeBootReply, 0, algos.BootReply{Hosts: o.hostsFor(id), For: &id}), m.via.id)
}

// reporterProcess is what the process has used.
func (o *Observer) reporterProcess(r *reporter, s *algos.Status) {
	p := s.Process
	if p == nil {
		return
	}
	is := processOf(p, r.process.CPU)
	if gone := s.Now - r.cpuAt; p.PID == r.pid && p.CPU >= r.cpu && gone >= o.o.Poll/2 {
		is.CPU = record.Set(math.Round(1000*float64(p.CPU-r.cpu)/float64(gone)) / 1000)
		r.cpu, r.cpuAt = p.CPU, s.Now
	} else if p.PID != r.pid {
		r.pid, r.cpu, r.cpuAt = p.PID, p.CPU, s.Now
	}
	r.process = is
}

// refreshProcess shows what a node's process uses though the node has nothing to report, now and then.
func (o *Observer) refreshProcess(m *member) {
	if m.via == nil || !m.up || (o.polls+int(m.index))%idlePolls != 0 {
		return
	}
	is := m.shown
	is.Process = m.via.process
	o.show(m, is)
}
