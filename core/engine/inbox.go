package engine

import "github.com/ioverlay/ioverlay/ring"

// The inbox: short notes that other goroutines leave a loop. The poller has a
// queue for that too, but it allocates an entry a task; the inbox is for notes
// that come once a burst. For tasks that come once in a while, loop.post is.

// note is one thing to look at.
type note struct {
	pipe   *memPipe
	end    pipeEnd
	posted *posted
}

// notify leaves a note and wakes the loop. It may be called by anyone.
func (lp *loop) notify(n note) ring.Result {
	r := lp.inbox.Push(n)
	if r == ring.OK {
		lp.raise()
	}
	return r
}

// readInbox acts on the notes that are there.
func (lp *loop) readInbox() {
	for range inboxSize {
		n, r := lp.inbox.Pop()
		if r != ring.OK {
			return
		}
		if n.pipe != nil {
			n.pipe.noted(n.end)
			continue
		}
		p := n.posted
		p.node.core.Deliver(p.typ, p.app, p.seq, p.payload)
	}
}
