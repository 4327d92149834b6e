package sflow

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Who has which service, as far as this node has heard: it is told of newcomers by sAware messages, which are relayed
// from host to host until they meet a node with a service, and by that to the newcomer's neighbours in the service
// graph (paper, section 3.3).

// Limits of the news that a node keeps, and of how far it travels among nodes that have no service.
const (
	MaxInstances = 4096
	maxHops      = 16
)

// instance is a node with a service.
type instance struct {
	aware
	heard    time.Duration
	rate     float64       // measured from here, bytes a second
	measured time.Duration // when; 0: never
}

// instanceOf finds what is known of a node.
func (s *SFlow) instanceOf(id core.NodeID) *instance {
	for i := range s.known {
		if s.known[i].Who == id {
			return &s.known[i]
		}
	}
	return nil
}

// Instances are the nodes that are known to have a service, in the order of their IDs.
func (s *SFlow) Instances(service string) (ids []core.NodeID) {
	if s.mine.Service == service {
		ids = append(ids, s.ID())
	}
	for i := range s.known {
		if k := &s.known[i]; k.Service == service && !k.Gone {
			ids = append(ids, k.Who)
		}
	}
	slices.SortFunc(ids, core.NodeID.Compare)
	return ids
}

// Assign gives the node a service in place of the one that it has; one without a name takes that away. Sessions that
// run through the node keep what it does for them.
func (s *SFlow) Assign(a Assignment) {
	had := s.mine
	s.mine = a
	if had.Service != "" && had.Service != a.Service {
		s.publish(&aware{Gone: true, Assignment: had})
	}
	if a.Service != "" {
		s.publish(&aware{Assignment: a})
	}
}

// publish tells all known hosts of the node's own service, and the neighbours in the service graph that are known.
func (s *SFlow) publish(a *aware) {
	a.Who, a.At, a.Left = s.ID(), max(s.Now(), s.at+1), maxHops
	s.at = a.At
	s.tell(a, s.Known())
	s.tell(a, s.neighbours(&a.Assignment))
}

// neighbours are the nodes that a service has beside it in the service graph.
func (s *SFlow) neighbours(a *Assignment) (ids []core.NodeID) {
	for i := range s.known {
		if k := &s.known[i]; !k.Gone && k.adjacent(a) {
			ids = append(ids, k.Who)
		}
	}
	return ids
}

// tell sends news to nodes but those that have it.
func (s *SFlow) tell(a *aware, to []core.NodeID, except ...core.NodeID) {
	for _, id := range to {
		if id != a.Who && !slices.Contains(except, id) {
			s.Post(id, typeAware, a)
		}
	}
}

// told hears of a service.
func (s *SFlow) told(m *core.Msg, a *aware) {
	if a.Who.IsZero() || a.Who == s.ID() || a.At > s.Now()+s.Period { // of this node it is an earlier life; nobody can have said so yet
		return
	}
	from := m.From()
	k := s.instanceOf(a.Who)
	switch {
	case k == nil && len(s.known) == MaxInstances:
		s.Note("sflow", "there are more services than a node keeps")
		return
	case k == nil:
		s.known = append(s.known, instance{})
		k = &s.known[len(s.known)-1]
	case a.At <= k.At:
		if a.At == k.At && from == a.Who {
			k.heard = s.Now()
		}
		return // it has been passed on
	}
	fresh := k.Who.IsZero() || k.Service != a.Service
	k.aware, k.heard = *a, s.Now()
	if fresh {
		k.rate, k.measured = 0, 0
	}
	if fresh && !a.Gone && s.mine.Service != "" && s.mine.adjacent(&a.Assignment) {
		s.tell(&aware{Who: s.ID(), At: s.at, Assignment: s.mine}, []core.NodeID{a.Who})
	}
	if a.Left = min(a.Left, maxHops); a.Left == 0 {
		return
	}
	a.Left--
	if s.mine.Service != "" {
		if near := s.neighbours(&a.Assignment); len(near) > 0 {
			a.Left = 0
			s.tell(a, near, from)
			return
		}
	}
	if a.Walk {
		s.tell(a, s.Sample(1, a.Who, from))
	} else {
		s.tell(a, s.Known(), from)
	}
}

// refresh tells the neighbours in the service graph that the node is there, and one other host, from which the news walks on,
// so that it comes at last to whom it missed; and forgets who has been silent.
func (s *SFlow) refresh() {
	if s.mine.Service != "" {
		s.at = max(s.Now(), s.at+1)
		near := s.neighbours(&s.mine)
		s.tell(&aware{Who: s.ID(), At: s.at, Assignment: s.mine}, near)
		s.tell(&aware{Who: s.ID(), At: s.at, Walk: true, Left: maxHops, Assignment: s.mine}, s.Sample(1, near...))
	}
	limit := s.Now() - time.Duration(s.Patience)*s.Period
	s.known = slices.DeleteFunc(s.known, func(k instance) bool { return k.heard < limit })
}

// forget drops what is known of a node that is gone.
func (s *SFlow) forget(id core.NodeID) {
	s.known = slices.DeleteFunc(s.known, func(k instance) bool { return k.Who == id })
}
