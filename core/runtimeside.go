package core

import "github.com/ioverlay/ioverlay/core/wire"

// Switch is a node as its runtime sees it: what an algorithm may do ([Node]) and what
// only whoever runs the node may: start it, serve it, give it lanes and timers. An
// algorithm that did any of that from within Process would corrupt the switch, so it
// is not on the type that it gets.
type Switch struct {
	*node // of which only this package can make a Switch
}

// node keeps the embedded field unexported; its methods are Node's all the same.
type node = Node

// Node is the node as its algorithm sees it.
func (s *Switch) Node() *Node { return s.node }

// Shard is the part that the node shares with the others on its loop.
func (s *Switch) Shard() *Shard { return s.shard }

// Algorithm is what the node runs, without what a runtime has put around it.
func (s *Switch) Algorithm() Algorithm {
	alg := s.alg
	for {
		w, ok := alg.(Wrapper)
		if !ok {
			return alg
		}
		alg = w.Unwrap()
	}
}

// SetRuntimeData keeps a value for the runtime, which is told of nodes again and again and
// then finds what it knows of them with no look-up. The switch never looks at it.
func (s *Switch) SetRuntimeData(v any) { s.runtimeData = v }

// RuntimeData is the value of SetRuntimeData, or nil.
func (s *Switch) RuntimeData() any { return s.runtimeData }

// Start tells the algorithm that it may begin: its first message is Started.
func (s *Switch) Start() {
	if s.state != nodeNew {
		panic("core: Start of a node that was started before")
	}
	s.state = nodeRunning
	s.post(event{typ: typeStarted})
	s.startPulls()
}

// Call runs fn on the node as if it were a message: messages that fn makes are
// dropped when it returns unless it sends or retains them, and a panic in it
// stops the node.
func (s *Switch) Call(fn func()) {
	n := s.node
	if n.state == nodeEnded {
		return
	}
	cur := n.shard.cur
	n.shard.serving = n
	n.shard.cur = nil // what fn sends has no upstream lane to stop
	defer func() { n.shard.cur = cur }()
	defer n.guard()
	fn()
	if n.shard.made != nil {
		n.settleMade()
	}
}

// Fire is called by the runtime when a timer is due.
func (s *Switch) Fire(id uint64) {
	n := s.node
	switch {
	case id&sourceTimer == 0:
		n.post(event{typ: typeTimer, seq: id})
		return
	case id == paceTimer:
		n.pace.fire()
		return
	case id == monitorTimer:
		n.monitor()
		return
	case id == reportTimer:
		n.report()
		return
	case id == idleTimer:
		n.expire()
		return
	case id == lossTimer:
		n.tellLosses()
		return
	case id == pullTimer:
		n.pausesOver()
		return
	}
	if sl := n.sourceOf(id); sl != nil && !sl.lane.Busy() {
		// A source that waited for its time does not wait for the loop to run dry as
		// well: it is paced already.
		sl.ask()
	}
}

// Kill ends the node at once. What it had accepted is lost, and counted.
func (s *Switch) Kill() {
	s.finish(CloseAbort, nil)
}

// Deliver hands the node a message that an application in the same process made
// for it, as if the engine had: the way into a node from outside, for a runtime
// that has copied the bytes. It reports whether the node still runs.
func (s *Switch) Deliver(t Type, app uint32, seq uint64, payload []byte) bool {
	n := s.node
	if n.state != nodeRunning {
		return false
	}
	s.Call(func() {
		m := n.makeMsg(wire.Header{Type: t, Sender: n.id, App: app, Seq: seq, Size: len(payload)})
		copy(m.Payload(), payload)
		n.process(n.shard.madeForAlgorithm(m))
	})
	return n.state == nodeRunning
}
