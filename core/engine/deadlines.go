package engine

import "time"

// deadlines are the connections of a loop that must say or hear something soon:
// a hello, or an answer to a dial. The time is the same for all of a kind and
// nearly so for both, so a list that is looked through when its first entry is
// due serves. With nobody waiting, no alarm is set.
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

// pending is a connection's own mark that it is waited for.
type pending bool

// expirer is a connection under a deadline.
type expirer interface {
	// expired closes the connection, which did not do in time what it had to.
	expired()
}

// add puts a connection under a deadline.
func (d *deadlines) add(c expirer, on *pending, within time.Duration) {
	*on = true
	d.waiting++
	at := d.loop.Now() + within
	d.list = append(d.list, deadline{at, c, on})
	d.loop.timers.wakeAt(at)
}

// settle says that a connection has done what it had to, or is gone.
func (d *deadlines) settle(on *pending) {
	if !*on {
		return
	}
	*on = false
	if d.waiting--; d.waiting == 0 {
		d.list = nil
		d.loop.calm()
	}
}

// check expires what is due and asks for the next time to look.
func (d *deadlines) check() {
	now := d.loop.Now()
	var keep, due []deadline
	for _, e := range d.list {
		switch {
		case !*e.on:
		case e.at <= now:
			due = append(due, e)
		default:
			keep = append(keep, e)
		}
	}
	d.list = keep
	if len(keep) > 0 {
		d.loop.timers.wakeAt(keep[0].at)
	}
	for _, e := range due {
		e.c.expired()
	}
}
