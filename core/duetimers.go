package core

// Timers that have fired and wait among the node's events. An algorithm may take one
// back until then, with Cancel or by setting it again, so each After has to know
// whether its timer is among them: at a glance if none is, which is the usual case,
// by a scan if they are few, and else by one look-up, however many there are.

// dueTimers finds the event of a timer by its id.
type dueTimers struct {
	n      int               // how many wait
	places map[uint64]uint64 // timer to the number of its event, counted from the node's first; nil while a scan is faster
	served uint64            // events that have left the list
}

// manyDue is the number of events up to which a scan beats a map.
const manyDue = 16

// postTimer notes the event of a timer, which is about to be added to the list.
func (n *Node) postTimer(e event) {
	n.due.n++
	if n.indexDue() {
		n.due.places[e.seq] = n.due.served + uint64(len(n.events))
	}
}

// indexDue makes the map if there are many events, of timers or not, and reports whether there is one.
func (n *Node) indexDue() bool {
	d := &n.due
	if d.places == nil && len(n.events) >= manyDue {
		d.places = make(map[uint64]uint64)
		for i := range n.events {
			if n.events[i].typ == typeTimer {
				d.places[n.events[i].seq] = d.served + uint64(i)
			}
		}
	}
	return d.places != nil
}

// shown is called when the event of a timer is taken from the list to be shown.
func (d *dueTimers) shown(timer uint64) {
	d.n--
	delete(d.places, timer)
}

// unpost takes back the message of a timer that has fired and is not served yet.
func (n *Node) unpost(timer uint64) {
	d := &n.due
	if d.n == 0 {
		return
	}
	if !n.indexDue() {
		for i := range n.events {
			if e := &n.events[i]; e.typ == typeTimer && e.seq == timer {
				d.n--
				e.typ = 0
			}
		}
		return
	}
	if place, ok := d.places[timer]; ok {
		d.n--
		delete(d.places, timer)
		n.events[place-d.served].typ = 0
	}
}
