package core

import (
	"slices"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Pull hooks: made data that is asked for when its lane has room. What an algorithm makes
// on a timer or an event has no upstream to stop, and what it makes too early waits in a
// queue while it grows old. So it leaves a function with the switch, which calls it as it
// asks a source: when nothing else on the loop is ready, and while there is room.
//
//	Pull, WakePull  the algorithm has something to send, or will have
//	want            the hook is put in the shard's list of those to ask (source.go)
//	turn            it is asked, up to a slab or until the queue is full
//	may             unless the lane has no room (pullroom.go)
//
// A hook that waits for room, for a connection, or for WakePull is in no list and costs
// nothing. It is kept with the link, so it outlives its lane.

// puller is the pull hook of an application on a link.
type puller struct {
	link *Link
	app  uint32
	fn   func() bool // nil: it has ended
	lane *OutLane    // nil while there is none
	msgs int         // bound of the lane's queue, kept for the next lane; 0: none was set

	wants   bool // something to send, as far as the algorithm has said
	listed  bool // in the shard's list of those to ask
	pausing bool // in the node's list of those that wait until their lane may be dialled again

	// Where messages wait for room, the hook waits its turn among them.
	inRow bool
	ahead int // of those, that go first
}

// Pull has fn asked for data of an application to a node whenever the lane there has
// room: on the node's loop, like a source when nothing else there is ready, and never
// from within Process, Send or another call of the node. fn sends a message to that node
// and application, or a few, and reports whether it has: true means that there may be
// more, and it is asked again as long as there is room; false means that there is nothing
// for now, until WakePull. What it sends stops no lane from upstream.
//
// The lane need not exist: the first message opens it. Until it is open, and again after
// it has failed and the pause before the next dial is over, fn is asked once. It is not
// asked while the lane is closing. Where messages of others wait for room in the lane's
// queue, fn takes its turn among them with one call. So a call that sends one message
// loses none for want of room; of many at once, those beyond the queue wait up to
// Config.OverflowMsgs like other data that has no upstream to stop.
//
// There is one hook for a node and application: a second Pull replaces it, and a nil fn
// ends it, as do CloseLink and the end of the node. It panics if app is 0, and the node
// ends with a panic if fn reports that it has sent something and has not.
func (n *Node) Pull(to NodeID, app uint32, fn func() (sent bool)) {
	switch {
	case app == 0:
		panic("core: Pull of application 0, which is the control lane: control is not asked for, send it when it is due")
	case to.IsZero():
		panic("core: Pull to the zero NodeID: a destination is an address and a port")
	case fn == nil:
		n.endPull(to, app)
		return
	case n.state > nodeRunning:
		return
	}
	lk := n.findLink(to)
	p := lk.pull(app)
	if p == nil {
		p = &puller{link: lk, app: app}
		lk.pulls = append(lk.pulls, p)
		if l := n.outLane(to, app); l != nil {
			if l.maxMsgs != n.shard.cfg.QueueMsgs {
				p.msgs = l.maxMsgs
			}
			l.attach(p)
		}
	}
	p.fn = fn
	p.wake()
}

// WakePull has a pull hook asked again that had nothing to send. One that is asked
// anyhow, and one that does not exist, is no error.
func (n *Node) WakePull(to NodeID, app uint32) {
	if lk := n.knownLink(to); lk != nil {
		if p := lk.pull(app); p != nil {
			p.wake()
		}
	}
}

// pull is the link's hook for an application, or nil.
func (lk *Link) pull(app uint32) *puller {
	for _, p := range lk.pulls {
		if p.app == app {
			return p
		}
	}
	return nil
}

// attach gives a hook its lane.
func (l *OutLane) attach(p *puller) {
	p.lane = l
	l.pulls = append(l.pulls, p)
	if p.msgs > 0 {
		l.maxMsgs = p.msgs
	}
}

// attachAll gives a new lane the hooks of its applications.
func (l *OutLane) attachAll() {
	for _, p := range l.link.pulls {
		if p.app == l.app || l.app == wire.SharedApp {
			l.attach(p)
		}
	}
}

// detachAll takes the hooks away from a lane that is forgotten.
func (l *OutLane) detachAll() {
	for _, p := range l.pulls {
		p.lane = nil
		p.want()
	}
	l.pulls = nil
}

func (n *Node) endPull(to NodeID, app uint32) {
	lk := n.knownLink(to)
	if lk == nil {
		return
	}
	if p := lk.pull(app); p != nil {
		p.end()
		lk.pulls = slices.DeleteFunc(lk.pulls, func(q *puller) bool { return q == p })
	}
	lk.tidy()
}

// endPulls ends all hooks of a link.
func (lk *Link) endPulls() {
	for _, p := range lk.pulls {
		p.end()
	}
	lk.pulls = nil
}

func (p *puller) end() {
	p.fn, p.wants = nil, false
	if l := p.lane; l != nil {
		p.lane = nil
		l.pulls = slices.DeleteFunc(l.pulls, func(q *puller) bool { return q == p })
	}
}

// endAllPulls ends those of a node that takes nothing new any more.
func (n *Node) endAllPulls() {
	for _, lk := range n.links {
		lk.endPulls()
	}
	n.pulls.pausing = nil
}

// startPulls lists the hooks of a node that begins.
func (n *Node) startPulls() {
	for _, lk := range n.links {
		for _, p := range lk.pulls {
			p.want()
		}
	}
}

// wake notes that there is something to send.
func (p *puller) wake() {
	if !p.wants {
		p.wants = true
		p.want()
	}
}

// want puts the hook in the list of those to ask.
func (p *puller) want() {
	if p.listed || !p.wants {
		return
	}
	p.listed = true
	sh := p.link.node.shard
	sh.sources = append(sh.sources, p)
}

// turn implements supplier: it asks the hook for messages, up to a slab or until the queue
// is full.
func (p *puller) turn() {
	p.listed = false
	n := p.link.node
	if !p.wants || n.state != nodeRunning || !p.may() {
		return
	}
	defer n.guard()
	for left := n.shard.pool.SlabSize(); ; {
		sent, more := p.ask()
		left -= sent
		if p.fn == nil || n.state != nodeRunning || !p.wants || !p.may() {
			break
		}
		if !more || left <= 0 {
			p.want()
			break
		}
	}
	if l := p.lane; l != nil && len(l.pulls) > 1 { // the others on the lane come first now
		i := slices.Index(l.pulls, p)
		copy(l.pulls[i:], l.pulls[i+1:])
		l.pulls[len(l.pulls)-1] = p
	}
}

// ask calls the hook once, as if it were handed a message, and returns the bytes that it
// has sent.
func (p *puller) ask() (sent int, more bool) {
	before := p.given()
	p.wants = false // WakePull from within it counts
	p.link.node.shard.serving = p.link.node
	if more = p.fn(); more && p.fn != nil {
		p.wants = true
	}
	n := p.link.node
	if n.shard.made != nil {
		n.settleMade()
	}
	sent = int(p.given() - before)
	if more && sent == 0 && p.fn != nil && n.state == nodeRunning {
		panic("core: a Pull function reported that it had sent something, but nothing of its was sent on the lane of its " +
			"application to its node: return false when there is nothing, and call WakePull when there is")
	}
	return sent, more
}

// given is how many bytes the lane has ever been given.
func (p *puller) given() uint64 {
	l := p.lane
	if l == nil {
		return 0
	}
	b := l.sentBytes + l.lostBytes + l.emulBytes + uint64(l.bytes+l.overBytes)
	if l.emulator != nil {
		b += uint64(l.emulator.line.bytes + l.emulator.apart.Bytes)
	}
	return b
}
