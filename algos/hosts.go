package algos

import (
	"slices"

	"github.com/ioverlay/ioverlay/core"
)

// KnownHosts (paper, section 2.2): the nodes that this one has heard of. They are
// kept in the order of their IDs, so what is done for each of them is done in the
// same order in every world, however they came.
//
// A host that refused a connection is under suspicion: it is in Known no longer,
// but not forgotten. A link to it or from it, AddHost, or a boot reply that names
// it clears it. Hosts whose links break are not suspected for that: the next
// message to them will tell.

// hostList is a set of hosts in two parts, each in order.
type hostList struct {
	known   []core.NodeID
	suspect []core.NodeID
}

// BootReply is the payload of a boot reply: some nodes that are alive.
type BootReply struct {
	Hosts []core.NodeID `cbor:"hosts"`
	For   *core.NodeID  `cbor:"for,omitempty"` // the node that it is for, if it goes to the one that reports for it
}

// Known is KnownHosts, in order and without suspects. The slice is a view: read
// it, and do not keep it while hosts come and go.
func (b *Base) Known() []core.NodeID { return b.hosts.known }

// Suspects are the hosts that refused a connection and were not heard of since.
// The slice is a view, as in Known.
func (b *Base) Suspects() []core.NodeID { return b.hosts.suspect }

// AddHost adds a host to KnownHosts and reports whether it is new there. The node
// itself, an ID that nobody can have, and hosts beyond MaxHosts are not added. It
// may be called before the algorithm has a node.
func (b *Base) AddHost(id core.NodeID) bool {
	i, there := find(b.hosts.known, id)
	if there || len(b.hosts.known) >= MaxHosts || !b.canReach(id) {
		return false
	}
	b.hosts.known = slices.Insert(b.hosts.known, i, id)
	if i, suspected := find(b.hosts.suspect, id); suspected {
		b.hosts.suspect = slices.Delete(b.hosts.suspect, i, i+1)
	}
	return true
}

// RemoveHost forgets a host, suspect or not, and reports whether it was known.
func (b *Base) RemoveHost(id core.NodeID) bool {
	if i, there := find(b.hosts.known, id); there {
		b.hosts.known = slices.Delete(b.hosts.known, i, i+1)
		return true
	}
	i, there := find(b.hosts.suspect, id)
	if there {
		b.hosts.suspect = slices.Delete(b.hosts.suspect, i, i+1)
	}
	return there
}

func find(ids []core.NodeID, id core.NodeID) (int, bool) {
	return slices.BinarySearchFunc(ids, id, core.NodeID.Compare)
}

// bootReply records the hosts in a boot reply: all of them, or none if one makes
// no sense.
func (b *Base) bootReply(m *core.Msg) {
	var r BootReply
	err := Decode(m.Payload(), &r)
	if err != nil || slices.ContainsFunc(r.Hosts, core.NodeID.IsZero) {
		b.bad++
		return
	}
	for _, id := range r.Hosts {
		b.AddHost(id)
	}
}

// linkUp clears a suspect.
func (b *Base) linkUp(ev core.LinkEvent) {
	if _, suspected := find(b.hosts.suspect, ev.Peer); suspected {
		b.AddHost(ev.Peer)
	}
}

// linkDown puts a host that refused under suspicion, and tries an observer again
// later.
func (b *Base) linkDown(ev core.LinkEvent) {
	if ev.Direction != core.Downstream {
		return
	}
	b.observerLost(ev)
	b.measureFailed(ev)
	if i, there := find(b.hosts.known, ev.Peer); there && ev.Reason == core.ReasonRefused {
		b.hosts.known = slices.Delete(b.hosts.known, i, i+1)
		b.suspect(ev.Peer)
	}
}

func (b *Base) suspect(id core.NodeID) {
	if i, there := find(b.hosts.suspect, id); !there && len(b.hosts.suspect) < MaxHosts {
		b.hosts.suspect = slices.Insert(b.hosts.suspect, i, id)
	}
}

// bootTimer is the timer for another boot message. Algorithms use ids below
// FirstBaseTimer.
const bootTimer = FirstBaseTimer

// measureTimer is the timer for measurements that get no answer.
const measureTimer = FirstBaseTimer + 1

// reportTimer is the timer for the next report with others.
const reportTimer = FirstBaseTimer + 3

// FirstBaseTimer is the first of the timer ids that belong to Base. An algorithm
// that handles timers passes those it does not know to Base.Process.
const FirstBaseTimer = 1 << 62
