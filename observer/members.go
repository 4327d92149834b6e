package observer

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/record"
)

// member is a node that has answered a request some time.
type member struct {
	id    core.NodeID
	index uint32
	name  string // by which it can be found
	up    bool
	upPos int           // in Observer.up
	greet bool          // a boot message waits for its answer until the node has shown that it is there
	gone  time.Duration // when it went down

	asked   uint64        // the number of the request that is open; 0: none is
	askedAt time.Duration // when the first was sent that was not answered
	silent  int           // requests in a row without an answer
	why     string        // its link broke last

	shown record.Node // as it was told last
	links []link      // of it to others, in order of the others' indices
	apps  []appState  // what was known of its applications, in order

	via     *reporter     // that reports for it; nil: it does so itself
	proven  core.NodeID   // reporter that it has named itself
	session uint64        // of its last whole report
	base    *algos.Status // its last report, which the next may change; nil: none

	cpu   time.Duration // processor time that its process had used
	cpuAt time.Duration // at the node's own time
	pid   int

	traces bucket
	words  map[string]string // states, by name
}

// appState is what is remembered of an application at a node to tell events.
type appState struct {
	app            uint32
	joined, source bool
}

// candidate is a node that was heard of.
type candidate struct {
	id      core.NodeID
	since   time.Duration
	asked   uint64
	proven  bool
	greeted bool
}

type candidates struct {
	at       map[core.NodeID]*candidate
	order    []*candidate // as they came
	unproven int
}

// heardOf begins to find out whether a node is there, and reports whether it does.
func (o *Observer) heardOf(id core.NodeID, proven bool) bool {
	if !id.Dialable() || id == o.ID() {
		return false
	}
	cs := &o.candidates
	if c := cs.at[id]; c != nil {
		if proven && !c.proven {
			c.proven = true
			cs.unproven--
		}
		c.greeted = false
		o.askCandidate(c)
		return true
	}
	switch {
	case len(cs.at) >= min(maxCandidates, o.o.Nodes):
		o.drop(dropNodes)
		return false
	case !proven && cs.unproven >= maxUnproven:
		o.drop(dropUnproven)
		return false
	}
	c := &candidate{id: id, since: o.Now(), proven: proven}
	cs.at[id] = c
	cs.order = append(cs.order, c)
	if !proven {
		cs.unproven++
	}
	o.askCandidate(c)
	return true
}

func (cs *candidates) remove(c *candidate) {
	if cs.at[c.id] == c {
		delete(cs.at, c.id)
		if !c.proven {
			cs.unproven--
		}
	}
	c.asked = 0
}

// expire forgets candidates that did not answer. They come in the order of time.
func (o *Observer) expire() {
	cs := &o.candidates
	n := 0
	for ; n < len(cs.order); n++ {
		c := cs.order[n]
		if cs.at[c.id] == c && o.Now()-c.since < candidateTime {
			break
		}
		cs.remove(c)
		cs.order[n] = nil
	}
	cs.order = cs.order[n:]
	if len(cs.at) == 0 {
		cs.order = nil // lets go of the array
	}
}

// admit makes a member of a node that has answered; nil if there is no room.
func (o *Observer) admit(id core.NodeID) *member {
	if len(o.byID) >= o.o.Nodes && !o.evict() {
		o.drop(dropNodes)
		return nil
	}
	m := &member{id: id}
	if n := len(o.free); n > 0 {
		m.index = o.free[n-1]
		o.free = o.free[:n-1]
		o.members[m.index] = m
	} else {
		m.index = uint32(len(o.members))
		o.members = append(o.members, m)
	}
	o.byID[id] = m
	o.down++
	m.shown.I = m.index
	return m
}

// evict forgets the node that has been down for longest, and reports whether there was one. Its index is free again, so
// an index means one node for as long as there are fewer nodes than there may be.
func (o *Observer) evict() bool {
	if o.down == 0 {
		return false
	}
	var oldest *member
	for _, m := range o.members {
		if m != nil && !m.up && (oldest == nil || m.gone < oldest.gone) {
			oldest = m
		}
	}
	if oldest == nil {
		return false
	}
	o.down--
	o.leave(oldest)
	o.unname(oldest)
	o.links -= len(oldest.links)
	for _, l := range oldest.links {
		o.pending.Links = append(o.pending.Links, record.Link{F: oldest.index, T: l.shown.T, Gone: true})
	}
	for _, m := range o.members { // rare: only at the limit
		if m == nil || m == oldest {
			continue
		}
		if i, there := m.findLink(oldest.index); there {
			m.links = slices.Delete(m.links, i, i+1)
			o.links--
			o.pending.Links = append(o.pending.Links, record.Link{F: m.index, T: oldest.index, Gone: true})
		}
	}
	o.pending.Nodes = append(o.pending.Nodes, record.Node{I: oldest.index, Gone: true})
	delete(o.byID, oldest.id)
	o.members[oldest.index] = nil
	o.free = append(o.free, oldest.index)
	return true
}

// rise takes note that a node is up.
func (o *Observer) rise(m *member) {
	if m.up {
		return
	}
	m.up, m.why = true, ""
	m.upPos = len(o.up)
	o.up = append(o.up, m)
	o.down--
	m.apps = nil
}

// fall takes note that a node is down.
func (o *Observer) fall(m *member, why string) {
	if !m.up {
		return
	}
	last := o.up[len(o.up)-1]
	o.up[m.upPos], last.upPos = last, m.upPos
	o.up[len(o.up)-1] = nil
	o.up = o.up[:len(o.up)-1]
	m.up, m.gone = false, o.Now()
	o.down++
	m.asked, m.silent = 0, 0
	is := m.shown
	is.Up = record.Set(false)
	is.In, is.Out = record.Set(0.0), record.Set(0.0)
	o.show(m, is)
	for i := range m.links {
		o.linkGone(m, &m.links[i])
	}
	if m.why != "" && m.why != why {
		why = m.why + ", then " + why
	}
	o.happened(record.EventDown, m, why)
}

// show tells what has changed of a node.
func (o *Observer) show(m *member, is record.Node) {
	if patch, changed := record.DiffNode(&m.shown, &is); changed {
		o.pending.Nodes = append(o.pending.Nodes, patch)
		m.shown = is
	}
}

// named keeps a node findable by its name.
func (o *Observer) named(m *member, name string) {
	if m.name == name {
		return
	}
	o.unname(m)
	m.name = name
	if name != "" {
		o.byName[name] = append(o.byName[name], m)
	}
}

func (o *Observer) unname(m *member) {
	if m.name == "" {
		return
	}
	rest := slices.DeleteFunc(o.byName[m.name], func(other *member) bool { return other == m })
	if len(rest) == 0 {
		delete(o.byName, m.name)
	} else {
		o.byName[m.name] = rest
	}
	m.name = ""
}
