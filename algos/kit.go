package algos

import (
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// kit is what a node needs for timers that call functions, for handlers and for calls.
// Base has none until it is used, since most nodes of a large world are plain relays.
type kit struct {
	timers   timers
	handlers handlers
	calls    calls
	failed   []func(core.NodeID) // OnFailed
	up       []func()            // OnUp
	fields   pack.Fields         // for one body at a time
	packed   []byte              // the body that was written last
}

// tools is the kit, which is there from the first use.
func (b *Base) tools() *kit {
	if b.kit == nil {
		b.kit = &kit{timers: timers{armed: unarmed}}
	}
	return b.kit
}

// Counters makes the node's counters of these names, so that who looks on sees 0 before something is counted: for those that are looked up
// where they are used (core.Node.Metric), as they count what happens seldom.
func (b *Base) Counters(names ...string) {
	for _, name := range names {
		b.Metric(name)
	}
}

// NewPacked makes a message whose payload is a body, or empty with nil. It is for
// messages that go to many nodes, have an application, or parameters; Post sends one to
// one node. As with core.Node.NewMsg the message is gone when the call in progress ends,
// and a body above the node's maximum payload panics.
func (b *Base) NewPacked(t core.Type, app uint32, body pack.Body) *core.Msg {
	if body == nil {
		return b.NewMsg(t, app, 0)
	}
	k := b.tools()
	k.packed = k.fields.Append(k.packed[:0], body)
	m := b.newFilled(t, app, k.packed)
	if cap(k.packed) > maxPackedKept {
		k.packed = nil
	}
	return m
}

// Post sends a control message with a packed body, or an empty one with nil, to a node.
// It reports whether it did: not to this node itself, nor to an ID that no node can have
// (none at all among them), which a peer may have named; those count in Unposted. What
// goes wrong on the way comes back as link-down and send-failed, as after Send.
func (b *Base) Post(dest core.NodeID, t core.Type, body pack.Body) bool {
	if !b.canReach(dest) {
		b.unposted++
		return false
	}
	b.Send(b.NewPacked(t, 0, body), dest)
	return true
}

// PostUrgent is Post for what goes before other control messages that wait for the same node (core.Node.SendUrgent): the few
// that a protocol cannot do without when it is busy.
func (b *Base) PostUrgent(dest core.NodeID, t core.Type, body pack.Body) bool {
	if !b.canReach(dest) {
		b.unposted++
		return false
	}
	b.SendUrgent(b.NewPacked(t, 0, body), dest)
	return true
}

// PostAll is Post to several nodes. It returns how many of them it sent the message to.
func (b *Base) PostAll(dests []core.NodeID, t core.Type, body pack.Body) (sent int) {
	if len(dests) == 0 {
		return 0
	}
	m := b.NewPacked(t, 0, body)
	for _, dest := range dests {
		if !b.canReach(dest) {
			b.unposted++
			continue
		}
		b.Send(m, dest)
		sent++
	}
	return sent
}

// Unposted is how many messages Post did not send, for want of a node to send them to.
func (b *Base) Unposted() uint64 { return b.unposted }
