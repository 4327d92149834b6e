package algos

import (
	"time"

	"github.com/valyala/bytebufferpool"

	"github.com/ioverlay/ioverlay/core"
)

// Nodes of one process report together: each hands what has changed to the one that speaks for all
// of them, which has the only link to an observer. Orders still come on the observer's own link.

// Reports is where the nodes of a process leave their reports. Its methods are called on the loops
// of their nodes.
type Reports interface {
	// Reporter is the node that speaks for all of them.
	Reporter() core.NodeID
	// Join says that a node is there, which may have been there before.
	Join(id core.NodeID, now time.Duration)
	// Wanted is the session that reports are wanted for, 0 if nobody asks for any, and how long to wait
	// before looking again.
	Wanted(id core.NodeID, now time.Duration) (session uint64, next time.Duration)
	// Put leaves a report, whole or a delta; without one nothing has changed. The bytes are the callee's.
	// It reports false if a whole one is wanted.
	Put(id core.NodeID, session uint64, report []byte, whole bool, now time.Duration) bool
	// Line leaves a line for the log. The bytes are the callee's.
	Line(id core.NodeID, line []byte)
	// End says that a node is about to stop.
	End(id core.NodeID)
}

// StatusShared is what one node of a process reports for others of it.
type StatusShared struct {
	Session uint64        `cbor:"s"`                 // of the request
	First   uint64        `cbor:"first"`             // how many parts there were before this; another number than the observer expects: some are lost
	Next    uint64        `cbor:"next"`              // and behind it
	Lost    bool          `cbor:"lost,omitempty"`    // the observer asked too late: it has to begin anew
	Members [][]byte      `cbor:"members,omitempty"` // reports, each as in a status message of its own
	Gone    []core.NodeID `cbor:"gone,omitempty"`    // nodes that have ended
	Silent  []core.NodeID `cbor:"silent,omitempty"`  // nodes that are there, and do nothing
	Lines   []SharedLine  `cbor:"lines,omitempty"`   // for the log
	Dropped uint64        `cbor:"dropped,omitempty"` // lines that there was no room for, in all
	More    bool          `cbor:"more,omitempty"`    // another message answers the same request
}

// SharedLine is a line for the log.
type SharedLine struct {
	Node core.NodeID `cbor:"node"`
	Text string      `cbor:"text"`
}

// shared is what a node remembers that reports with others.
type shared struct {
	session uint64
	last    Status
}

// joinReports begins to report with the others.
func (b *Base) joinReports() {
	if b.past == nil {
		b.past = new(pastReports)
	}
	b.Reports.Join(b.ID(), b.Now())
	b.shareReport()
}

// shareReport leaves what has changed, and looks again later.
func (b *Base) shareReport() {
	session, next := b.Reports.Wanted(b.ID(), b.Now())
	if session != 0 && !b.putReport(session) {
		b.past.shared.session = 0
		if session, next = b.Reports.Wanted(b.ID(), b.Now()); session != 0 {
			b.putReport(session) // if not even now, somebody has begun anew meanwhile: next time
		}
	}
	b.After(next, reportTimer)
}

func (b *Base) putReport(session uint64) bool {
	s := b.Status()
	b.leaveOut(&s)
	s.Process = nil // the reporter says it once for all
	buf := bytebufferpool.Get()
	defer bytebufferpool.Put(buf)
	whole := b.past.shared.session != session
	var report []byte
	if !whole {
		s.Number = b.past.shared.last.Number + 1
		d := changed(&b.past.shared.last, &s)
		if d.Set != 0 {
			d.Base = b.past.shared.last.Number
			encodeTo(buf, &deltaReport{StatusVersion, s.Node, s.Now, s.Number, d})
			report = buf.B
		}
	}
	if whole || len(report) > maxSharedReport {
		buf.Reset()
		whole, s.Number = true, 1
		for encodeTo(buf, &s); len(buf.B) > maxSharedReport; encodeTo(buf, &s) {
			if !s.shorten() {
				b.unhandled++
				return true // no report of it is short enough: it is there, and that is all that can be said
			}
			buf.Reset()
		}
		report = buf.B
	}
	if report != nil {
		report = append([]byte(nil), report...)
	}
	if !b.Reports.Put(b.ID(), session, report, whole, b.Now()) {
		return false
	}
	if report != nil {
		b.past.shared = shared{session, s}
	}
	return true
}
