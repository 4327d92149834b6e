package core

// Hold and Retain: messages that outlive the call they came in.

// Retain keeps a message beyond the Process call it came in, charged to nobody,
// until Release. Messages that must count against their upstream's buffer are
// kept by returning Hold. One that is held, and is processed again by an algorithm that does not know,
// is charged to nobody any more.
func (n *Node) Retain(m *Msg) {
	if m.node == n && m.state == msgHeld {
		n.Uncharge(m)
		m.state = msgRetained
		return
	}
	if !m.state.passing() {
		panic(Misuse("core: Retain of a message that is not the one being processed or just made"))
	}
	n.keep(m, msgRetained)
}

// Release gives back a message that was held or retained. A held message's lane
// is served again when there is room.
func (n *Node) Release(m *Msg) {
	if m.node != n || m.state != msgHeld && m.state != msgRetained {
		panic(Misuse("core: Release of a message that this node does not hold"))
	}
	n.unlinkKept(m)
	l, held := m.lane, m.state == msgHeld && m.lane != nil
	if held {
		l.heldMsgs--
		l.heldBytes -= len(m.frame)
	}
	var bad string
	if n.shard.cfg.Strict {
		bad = m.disown()
	}
	m.slab.Release()
	n.shard.recycle(m)
	if held {
		l.unheld()
	}
	if bad != "" && n.state != nodeEnded {
		panic(Misuse(bad))
	}
}

// Holds reports whether the node holds a message: it was kept by returning Hold, and neither released nor
// retained since. An algorithm that hands what it has held to another one asks afterwards.
func (n *Node) Holds(m *Msg) bool { return m.node == n && m.state == msgHeld }

// Held is how many messages the algorithm holds or retains.
func (n *Node) Held() int { return n.keptCount }

func (n *Node) keep(m *Msg, as msgState) {
	if n.state == nodeEnded {
		return // nothing outlives the node: the message goes when the call ends
	}
	if n.shard.one == m {
		n.shard.one = nil // the struct is not the next message's any more
	}
	m.state, m.node = as, n
	if !m.made {
		m.slab.Retain() // a made message has its own reference
	}
	if as == msgHeld && m.lane != nil {
		m.lane.heldMsgs++
		m.lane.heldBytes += len(m.frame)
	}
	if m.made {
		n.unlinkMade(m)
	}
	m.next, m.prev = n.kept, nil
	if n.kept != nil {
		n.kept.prev = m
	}
	n.kept = m
	n.keptCount++
}

func (n *Node) unlinkKept(m *Msg) {
	if m.prev != nil {
		m.prev.next = m.next
	} else {
		n.kept = m.next
	}
	if m.next != nil {
		m.next.prev = m.prev
	}
	m.next, m.prev = nil, nil
	n.keptCount--
}

// unlinkMade takes a message out of the list of those made in this call.
func (n *Node) unlinkMade(m *Msg) {
	for p := &n.shard.made; *p != nil; p = &(*p).next {
		if *p == m {
			*p = m.next
			m.next = nil
			return
		}
	}
}

// releaseAll gives back every kept message: with the node goes what it held.
func (n *Node) releaseAll() {
	for n.kept != nil {
		n.Release(n.kept)
	}
}
