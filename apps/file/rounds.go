package file

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Between rounds a source polls: receivers that lack something say so at random moments of a window, and what any of
// them lacks is the next round. While they do, the source tells all of what is asked for already, so that others who lack
// the same need not say so. When nobody asks, polls become rarer.

const (
	// The window grows when more than mostAsk receivers answer one poll, and shrinks again when fewer than fewAsk do.
	mostAsk, fewAsk = 200, 50
	// mostIdle is the longest time between two polls.
	mostIdle = 5 * time.Second
	// mostWait is the same while nobody has come: whoever does may learn of it from a poll.
	mostWait = time.Second
	// tells is in how many parts a window is cut, at the end of each of which what is newly asked for is told.
	tells = 8
)

// gathering is for how long after a poll requests are gathered: its window, and what the ways there and back take.
func gathering(window time.Duration) time.Duration { return window + window/2 }

// polling is the state of a source between rounds.
type polling struct {
	waiting  bool          // for somebody: the first round has not begun
	next     *Set          // what has been asked for: the next round
	fresh    bool          // some of it has not been told
	window   time.Duration // of polls
	pollAt   time.Duration // when the next poll is due
	gather   time.Duration // until when requests are gathered for the next round
	tellAt   time.Duration // when pending blocks are told
	idle     time.Duration // between polls that nobody answers
	asked    int           // requests since the last poll
	heard    time.Duration // when somebody lacked something last, or said that all is there
	whole    map[core.NodeID]struct{}
	ranges   []Range
	saturate bool // there are as many receivers as are waited for
}

func newPolling(n int, o SourceOptions) polling {
	p := polling{next: NewSet(n), window: o.Window}
	if o.Receivers > 0 {
		p.whole = make(map[core.NodeID]struct{})
	}
	return p
}

// roundOver begins to poll.
func (s *Source) roundOver(now time.Duration) {
	s.pollAt, s.gather, s.idle, s.heard = now, now, 0, now
}

// rest does what is due between rounds, and sets when it is to be asked again.
func (s *Source) rest(n *core.Node) bool {
	now := n.Now()
	switch {
	case s.saturate:
		s.end()
		return false
	case s.waiting && s.came:
		s.waiting = false
		s.begin()
		return true
	case s.next.Count() > 0 && now >= s.gather:
		s.plan, s.next = s.next, s.plan
		s.next.Clear()
		s.fresh = false
		s.round++
		s.begin()
		return true
	case s.fresh && now >= s.tellAt && s.next.Count() > 0:
		return s.pending(n)
	case s.next.Count() == 0 && now >= s.pollAt:
		if patience, ends := s.patience(); ends && now-s.heard >= patience {
			s.end()
			return false
		}
		return s.poll(n)
	}
	s.wake = s.pollAt
	if s.next.Count() > 0 {
		if s.wake = s.gather; s.fresh {
			s.wake = min(s.wake, s.tellAt)
		}
	}
	return false
}

// patience is after how long without news the source ends, if it does.
func (s *Source) patience() (d time.Duration, ends bool) {
	if s.waiting {
		return s.opt.GiveUp, s.opt.GiveUp > 0
	}
	return s.opt.Quiet, !s.opt.Stay
}

// someone notes that there is somebody to send to.
func (s *Source) someone(n *core.Node) {
	s.came = true
	if s.waiting {
		n.WakeSource(s.opt.App)
	}
}

// end ends the source.
func (s *Source) end() {
	s.over = true
	if s.opt.Ended != nil {
		s.opt.Ended()
	}
}

// poll asks who lacks what.
func (s *Source) poll(n *core.Node) bool {
	switch {
	case s.asked > mostAsk:
		s.window = min(2*s.window, maxWindow)
	case s.asked < fewAsk:
		s.window = max(s.window/2, s.opt.Window)
	}
	s.window = s.window.Round(time.Millisecond)
	if !s.manifest(n, true) {
		return false
	}
	s.counts.Polls++
	now := n.Now()
	s.gather = now + gathering(s.window)
	most := mostIdle
	if s.waiting {
		most = mostWait
	}
	if s.asked > 0 || s.idle == 0 {
		s.idle = s.gather - now
	} else {
		s.idle = max(min(2*s.idle, most), s.gather-now)
	}
	s.pollAt = now + s.idle
	if patience, ends := s.patience(); ends && s.pollAt > s.heard+patience { // the last one before the end
		s.pollAt = max(s.heard+patience, s.gather)
	}
	s.asked = 0
	return true
}

// pending tells what is asked for already.
func (s *Source) pending(n *core.Node) bool {
	s.ranges = s.next.Ranges(s.ranges[:0], MaxRanges)
	p := s.frames.put(n, HeaderLen+len(s.ranges)*rangeLen)
	if p == nil {
		return false
	}
	Header{Kind: KindPending, ID: s.id, Round: s.round}.Put(p)
	putRanges(p[HeaderLen:], s.ranges)
	s.fresh = false
	s.tellAt = n.Now() + s.window/tells
	s.counts.Pending++
	return true
}

// Request takes what a receiver says, which came on the link of a node.
func (s *Source) Request(n *core.Node, from core.NodeID, r Request) {
	now, waited := n.Now(), s.waiting
	s.someone(n)
	if r.Whole {
		if _, known := s.whole[from]; !known && len(s.whole) < s.opt.Receivers {
			s.whole[from] = struct{}{}
			s.heard = now
			s.saturate = len(s.whole) == s.opt.Receivers
			n.WakeSource(s.opt.App)
		}
		return
	}
	s.counts.Requests++
	s.asked++
	s.heard = now
	if waited || !s.ask(r) { // all is sent first
		s.counts.Stale++
		return
	}
	if !s.fresh {
		s.fresh = true
		s.tellAt = max(s.tellAt, now+s.window/tells)
	}
	if !s.sending && now >= s.gather { // nobody was polled: others may lack the same
		s.gather = now + s.window/2
	}
	n.WakeSource(s.opt.App)
}

// ask adds what a receiver lacks to the next round. It reports whether anything is new.
func (s *Source) ask(r Request) (isNew bool) {
	for of := range eachRange(r.Ranges) {
		for i := int(of.First); i < min(int(of.First+of.Count), s.n); i++ {
			onItsWay := s.sending && (s.want.Has(i) || r.Round != s.round && s.plan.Has(i))
			if !onItsWay && s.next.Add(i) {
				isNew = true
			}
		}
	}
	return isNew
}
