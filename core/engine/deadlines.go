package engine

import (
	"math"
	"time"
)

const never time.Duration = math.MaxInt64

// deadlines are the connections of a loop that must say or hear something soon:
// a hello, or an answer to a dial. They are few and their times are long, so a
// list that is looked through when its earliest entry is due serves. With nobody
// waiting, no alarm is set.
type deadlines struct {
	loop    *loop
	list    []deadline
	waiting int
}

type deadline struct {
	at time.Duration
	c  expirer
	on *pending
}

// live reports whether the connection is still waited for, by this entry and not by a later one.
func (e *deadline) live() bool { return *e.on == pending(e.at) }

// pending is a connection's own mark until when it is waited for; 0 if it is not.
type pending time.Duration

// expirer is a connection under a deadline.
type expirer interface {
	// expired closes the connection, which did not do in time what it had to.
	expired()
	// belongsTo reports whether it is a connection of the node's.
	belongsTo(n *Node) bool
	// abandoned ends the connection, whose node has ended.
	abandoned()
}

// add puts a connection under a deadline.
func (d *deadlines) add(c expirer, on *pending, within time.Duration) {
	at := max(d.loop.Now()+within, 1)
	if *on == 0 {
		d.waiting++
	}
	*on = pending(at)
	d.list = append(d.list, deadline{at, c, on})
	d.loop.timers.wakeAt(at)
}

// settle says that a connection has done what it had to, or is gone.
func (d *deadlines) settle(on *pending) {
	if *on == 0 {
		return
	}
	*on = 0
	if d.waiting--; d.waiting == 0 {
		d.list = nil
		d.loop.calm()
	}
}

// check expires what is due and asks for the next time to look.
func (d *deadlines) check() {
	now, next := d.loop.Now(), never
	var keep, due []deadline
	for _, e := range d.list {
		switch {
		case !e.live():
		case e.at <= now:
			due = append(due, e)
		default:
			keep = append(keep, e)
			next = min(next, e.at)
		}
	}
	d.list = keep
	if len(keep) > 0 {
		d.loop.timers.wakeAt(next)
	}
	for _, e := range due {
		if e.live() { // what those before it did may have ended it
			e.c.expired()
		}
	}
}

// abandon ends the connections of a node that has ended: they have no lane yet
// whose end would close them.
func (d *deadlines) abandon(n *Node) {
	if d.waiting == 0 {
		return
	}
	for _, e := range d.list { // settle may set d.list to nil meanwhile
		if e.live() && e.c.belongsTo(n) {
			e.c.abandoned()
		}
	}
}
