package core

// Timers that have fired and wait among the node's events. An algorithm may take one
// back until then, with Cancel or by setting it again, so each After has to know
// whether its timer is among them: at a glance if none is, which is the usual case,
// and else by one look-up, however many there are.

// dueTimers finds the event of a timer by its id.
type dueTimers struct {
	places map[uint64]uint64 // timer to the number of its event, counted from the node's first
	served uint64            // events that have left the list
}

// noted is called when the event at the given place of the list is a timer's.
func (d *dueTimers) noted(id uint64, at int) {
	if d.places == nil {
		d.places = make(map[uint64]uint64)
	}
	d.places[id] = d.served + uint64(at)
}

// unpost takes back the message of a timer that has fired and is not served yet.
func (n *Node) unpost(timer uint64) {
	if len(n.due.places) == 0 {
		return
	}
	if place, ok := n.due.places[timer]; ok {
		delete(n.due.places, timer)
		n.events[place-n.due.served].typ = 0
	}
}
