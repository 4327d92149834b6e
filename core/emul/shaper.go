package emul

import "time"

// Shaper divides a node's bandwidth among its lanes. A lane with something to pass
// asks; Run grants credit, by hierarchical start-time fair queueing (Goyal, Vin and
// Cheng, SIGCOMM 1996): the link that has had least, by its weight, is next, and on it
// the lane that has. Both are charged: were it the lanes alone, each for its part of the
// link's share at the time, a link whose lanes have something to pass by turns would get
// more than its share. A flow that cannot use its share, because its own link is slower
// or its node's other direction is full, is passed over, and the rest goes to the
// others: max-min fairness.
//
//	Ask     a flow has something to pass and waits
//	Run     while there is credit: grants it to the flow whose turn it is
//	Settle  the flow says what has passed
//	Next    when there is credit again: one timer for all
//
// Credit is taken when it is granted, and what was not used is given back, so two
// flows never get the same bytes.
//
// The zero Shaper limits nothing and is ready. It belongs to its node's loop.
type Shaper struct {
	total  *Limiter             // nil: none
	way    [directions]*Limiter // up, down
	queue  [directions]turns    // links with flows that wait for these
	weight [directions]int64    // sum over those flows
	active [directions]int      // flows that wait or have been granted credit
	parked []*Flow              // that wait for their links' own rates

	// Since when flows of a direction wait for the node's total, although their
	// direction has credit; 0 if they do not.
	held [directions]time.Duration

	// Virtual time, for each direction: the tag of the link that was granted last.
	// One for both would let a fast direction lend its pace to a slow one.
	now [directions]int64
}

// Set changes the node's limits while traffic flows.
func (s *Shaper) Set(b Bandwidth, interval, now time.Duration) {
	s.total = adjusted(s.total, b.Total, interval, now)
	s.way[Out] = adjusted(s.way[Out], b.Up, interval, now)
	s.way[In] = adjusted(s.way[In], b.Down, interval, now)
	s.align()
}

// align forgets that one direction lags behind the other. Under the old limits it
// could not do better; under the new ones it would get all there is until it had
// caught up.
func (s *Shaper) align() {
	latest := max(s.now[Out], s.now[In])
	for d := range directions {
		lag := latest - s.now[d]
		s.now[d] = latest
		for _, l := range s.queue[d] { // all alike, so the heap stays one
			l.tag += lag
		}
	}
}

// Limits reports whether flows of a direction are under a limit of the node.
func (s *Shaper) Limits(d Direction) bool { return s.total != nil || s.way[d] != nil }

// NewFlow makes a flow for a lane of the given link. It panics if the link has flows of the
// other direction.
func (s *Shaper) NewFlow(t Taker, d Direction, link *Shared, weight int) *Flow {
	link.claim(d)
	f := &Flow{taker: t, dir: d, shared: link, weight: int64(max(weight, 1)), turn: turn{tag: link.now}}
	f.asFlow = f
	return f
}

// SetWeight sets a flow's share among those that compete, from 1.
func (s *Shaper) SetWeight(f *Flow, weight int) {
	old := f.weight
	f.weight = int64(max(weight, 1))
	if f.state == flowQueued {
		s.weight[f.dir] += f.weight - old
	}
}

// Ask says that an idle flow has something to pass. It changes nothing if the flow
// has asked before.
func (s *Shaper) Ask(f *Flow, now time.Duration) {
	if f.state != flowIdle {
		return
	}
	if d := f.dir; s.active[d] == 0 && s.total != nil {
		s.now[d] = max(s.now[Out], s.now[In]) // it was away, and saves nothing up either
	}
	s.active[f.dir]++
	f.shared.enter(f)
	s.enqueue(f, now)
}

// Stay says that an idle flow has more to pass, and asks as soon as it can: when its
// transport has taken what it was given. It keeps its place meanwhile.
func (s *Shaper) Stay(f *Flow) { f.stays = f.state == flowIdle }

// enqueue lets a flow wait for its turn. Nobody saves turns up: whoever was away
// begins with the others, and whoever stayed a little before them.
func (s *Shaper) enqueue(f *Flow, now time.Duration) {
	f.state, f.since = flowQueued, now
	l := f.shared
	from, fromLink := l.now, s.now[f.dir]
	if f.stays {
		f.stays = false
		from -= f.cost(s.burst(f))
		fromLink -= l.cost(s.burst(f))
	}
	f.tag = max(f.tag, from)
	l.waiting.push(&f.turn)
	if len(l.waiting) == 1 {
		l.tag = max(l.tag, fromLink)
		s.queue[f.dir].push(&l.turn)
	}
	s.weight[f.dir] += f.weight
}

func (s *Shaper) dequeue(f *Flow) {
	l := f.shared
	if l.waiting.remove(&f.turn); len(l.waiting) == 0 {
		s.queue[f.dir].remove(&l.turn)
	}
	s.weight[f.dir] -= f.weight
}

// Settle ends a grant: the flow has passed so many bytes, more or less than it was
// granted.
func (s *Shaper) Settle(f *Flow, passed int64, now time.Duration) {
	if f.state != flowGranted {
		return
	}
	if more := passed - f.granted; more > 0 {
		s.overdraw(f, more, now)
	} else if more < 0 {
		s.giveBack(f, -more)
	}
	f.tag += f.cost(passed)
	s.charge(f, f.shared.cost(passed)-f.charged)
	s.retire(f)
}

// charge moves the tag of a flow's link on, or back. A link is charged when credit is
// granted, so that its other lanes do not have its turn again meanwhile.
func (s *Shaper) charge(f *Flow, steps int64) {
	l := f.shared
	l.tag += steps
	if len(l.waiting) > 0 {
		s.queue[f.dir].fix(l.pos)
	}
}

// retire makes a flow idle.
func (s *Shaper) retire(f *Flow) {
	f.granted, f.state = 0, flowIdle
	f.shared.leave(f)
	s.active[f.dir]--
}

// Drop takes a flow out whose lane has ended. What it was granted and has not passed
// goes back.
func (s *Shaper) Drop(f *Flow) {
	switch f.state {
	case flowQueued:
		s.dequeue(f)
	case flowParked:
		s.unpark(f)
	case flowGranted:
		s.giveBack(f, f.granted)
		s.charge(f, -f.charged)
	case flowIdle:
		return
	}
	s.retire(f)
}

// Run grants what there is to those that wait. Granted may settle and ask again at
// once; the loop goes on until the credit is used up or nobody waits.
func (s *Shaper) Run(now time.Duration) {
	s.readmit(now)
	for {
		f, credit := s.pick(now)
		if f == nil {
			return
		}
		s.dequeue(f)
		s.now[f.dir], f.shared.now = f.shared.tag, f.tag
		f.state, f.granted, f.charged = flowGranted, credit, f.shared.cost(credit)
		s.charge(f, f.charged)
		s.take(f, credit, now)
		f.taker.Granted(credit)
	}
}

// readmit lets flows compete again whose links have credit again.
func (s *Shaper) readmit(now time.Duration) {
	rest := s.parked[:0]
	for _, f := range s.parked {
		if creditOf(f.shared.limit, 0, now) > 0 {
			s.enqueue(f, now)
		} else {
			rest = append(rest, f)
		}
	}
	clear(s.parked[len(rest):])
	s.parked = rest
}

func (s *Shaper) unpark(f *Flow) {
	for i, o := range s.parked {
		if o == f {
			s.parked = append(s.parked[:i], s.parked[i+1:]...)
			return
		}
	}
}

// Never is when nothing will happen by itself.
const Never = time.Duration(1<<63 - 1)

// Next is when Run will have something to grant, or Never. Call it after Run.
func (s *Shaper) Next(now time.Duration) time.Duration {
	next := Never
	for d := range directions {
		if len(s.queue[d]) > 0 {
			next = min(next, max(nextOf(s.total, now), nextOf(s.way[d], now)))
		}
	}
	for _, f := range s.parked {
		next = min(next, nextOf(f.shared.limit, now))
	}
	return next
}
