package core

// Uncharge charges a held message to nobody any more, as if it had been retained: its
// upstream may go on. It is for algorithms that hold messages as long as they have no
// room of their own for them, and then take them in: the bytes stay where they are.
// A retained message stays as it is.
func (n *Node) Uncharge(m *Msg) {
	if m.node != n || m.state != msgHeld && m.state != msgRetained {
		panic(Misuse("core: Uncharge of a message that this node does not hold"))
	}
	l := m.lane
	if m.state != msgHeld || l == nil {
		return
	}
	m.state = msgRetained
	l.heldMsgs--
	l.heldBytes -= len(m.frame)
	l.unheld()
}
