package core

import (
	"time"
)

// When a destination that refused or failed is dialled again: not before a pause that
// doubles with each failure, drawn between half of it and all, so that those who lost
// the same node do not come back in step. A connection that fails as soon as it is up
// counts as a failure; one that has lived for a while ends the row of them. And a node
// that has just dialled this one is up, whatever was the case before.

// pause has the lane wait before it dials again, now that it has failed. That holds for
// a peer that has closed it in order, too: most do so because they end, and what the
// system of such a peer still takes in its name is lost without a word.
func (l *OutLane) pause(now time.Duration) {
	cfg := &l.node.shard.cfg
	if l.opened != 0 && now-l.opened >= cfg.RedialMax {
		l.backoff = 0
	}
	l.opened = 0
	l.backoff = min(max(2*l.backoff, cfg.RedialMin), cfg.RedialMax)
	half := l.backoff / 2
	l.retryAt = now + half + time.Duration(l.node.dice().Uint64N(uint64(l.backoff-half)+1))
}

// tryAgain dials a destination that failed, once its pause is over.
func (l *OutLane) tryAgain() {
	if l.node.state != nodeRunning || l.node.Now() < l.retryAt {
		return
	}
	l.dial()
}

// isUp ends the pauses of lanes to a node that has just opened a lane to this one.
func (n *Node) isUp(peer NodeID) {
	lk := n.knownLink(peer)
	if lk == nil {
		return
	}
	for _, l := range lk.lanes {
		if l.state == laneCooling {
			l.retryAt, l.backoff = 0, 0
			l.askPulls()
		}
	}
}
