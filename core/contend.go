package core

import "slices"

// Fair shares of a queue that is full. Deficit round robin is fair among lanes
// that are served when their turn comes. Lanes that wait at a full queue are not:
// with room for one message at a time they would be served a message each,
// whatever their weights. So the turns of upstream lanes that wait at a queue are
// numbered, and one that is a round ahead lets the others catch up:
//
//	contend   a lane waits: in which round of the queue may it go on?
//	park      its message is in the queue, and that round has not come yet
//	endRound  nobody waits in the middle of a turn of this round: the next begins
//
// None of this happens while queues have room, and a lane is never held up by
// lanes that wait at another queue.

// parked is an upstream lane that is ahead of the others.
type parked struct {
	in   *InLane
	next uint64 // the round in which it goes on
}

// grant begins a turn of the lane, with the given number of quanta.
func (l *InLane) grant(quanta uint64) {
	if !l.inDebt {
		l.took = 0
	}
	l.deficit += int(quanta) * l.quantum
	l.round += quanta
	l.took += quanta
	l.inDebt = l.deficit <= 0
}

// contend notes that an upstream lane waits at the queue, and returns the round
// in which it may go on. A lane that was not here lately joins the round under
// way: nobody saves turns up, and nobody pays here for turns spent elsewhere.
func (l *OutLane) contend(in *InLane) uint64 {
	if in.at != l {
		in.at, in.round = l, l.round
	}
	if l.overHead == len(l.over) && len(l.parked) == 0 {
		// The first to wait: the round is that of whoever is furthest behind.
		l.round = in.round
		for other := l.node.active.head; other != nil; other = other.next {
			if other.at == l {
				l.round = min(l.round, other.round)
			}
		}
	}
	in.round = min(max(in.round, l.round), l.round+max(in.took, 1)+1)
	if in.deficit > 0 {
		return in.round
	}
	return in.round + in.debt()
}

// debt is how many quanta a lane whose turn is over needs for the next one.
func (l *InLane) debt() uint64 { return uint64(-l.deficit/l.quantum) + 1 }

// park keeps an upstream lane until its round has come.
func (l *OutLane) park(in *InLane, next uint64) {
	n := l.node
	if !slices.Contains(n.parking, l) {
		n.parking = append(n.parking, l)
	}
	l.parked = append(l.parked, parked{in, next})
}

// endRound begins the next round of the queues where nobody is left in this one.
// By now every lane that was let in has been served once: it waits again, or has
// found room, or does not want more.
func (n *Node) endRound() {
	rest := n.parking[:0]
	for _, l := range n.parking {
		for len(l.parked) > 0 && !l.nextRound() {
		}
		if len(l.parked) > 0 {
			rest = append(rest, l)
		}
	}
	clear(n.parking[len(rest):])
	n.parking = rest
}

// nextRound begins the next round, unless somebody is left in this one, and
// reports whether anybody is to be waited for now. Lanes that go on only to wait
// for another queue are not.
func (l *OutLane) nextRound() (wait bool) {
	first, wait := l.firstRound()
	if first <= l.round {
		return true
	}
	l.round = first
	rest := l.parked[:0]
	for _, p := range l.parked {
		if p.next > first {
			rest = append(rest, p)
			continue
		}
		p.in.goOn()
		wait = wait || p.in.active
	}
	clear(l.parked[len(rest):])
	l.parked = rest
	return wait
}

// firstRound is the first round in which a lane that contends here may go on, and
// whether one of them is about to be served.
func (l *OutLane) firstRound() (first uint64, active bool) {
	first = ^uint64(0)
	for _, o := range l.over[l.overHead:] {
		if o.owner != nil {
			first = min(first, o.next)
		}
	}
	for _, p := range l.parked {
		first = min(first, p.next)
	}
	// Lanes that found room have not waited again, and may not have had their
	// turns of this round.
	for in := l.node.active.head; in != nil; in = in.next {
		if in.at != l {
			continue
		}
		active = true
		if in.round = max(in.round, l.round); in.deficit > 0 {
			first = min(first, in.round)
		} else {
			first = min(first, in.round+1)
		}
	}
	return first, active
}

// goOn unblocks a lane whose round has come. That has paid for its turn.
func (l *InLane) goOn() {
	if l.deficit <= 0 && l.blocked == 1 {
		l.grant(l.debt())
	}
	l.unblock()
}

// unpark lets all parked lanes go on.
func (l *OutLane) unpark() {
	for _, p := range l.parked {
		p.in.unblock()
	}
	l.parked = nil
}
