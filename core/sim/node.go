package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/internal/nodemap"
)

// Node is a node of a world: an address at which an algorithm runs, again and again
// if the node is restarted. It belongs to its world.
type Node struct {
	world  *World
	index  uint32
	id     core.NodeID
	born   func() core.Algorithm // the algorithm of a new life
	core   *core.Switch          // of the life that is, or was the last
	lives  int                   // so far
	timers nodeTimers
	links  nodemap.Map[*link] // to other nodes
	fired  int                // timers that have gone off
	last   time.Duration      // at this instant

	group int // side of the partition; 0 if there is none, or for those it does not name

	bandwidth emul.Bandwidth // for all lives
	settings  []linkSetting  // likewise

	// Of a slow node.
	cost    time.Duration // a message; 0 if the node is not slow
	freeAt  time.Duration // when the message before is done with
	waiting []*lane       // that have a message for it, in the order of their turns
	armed   bool          // the event of freeAt is in the queue
}

// AddNode adds a node and starts it: its algorithm sees Started first. Algorithms
// come from a function, which is called again when the node is restarted. The name is
// as [World.ID] takes it; to add two nodes of one name panics, as does adding one after
// [World.Stop].
func (w *World) AddNode(name string, algorithm func() core.Algorithm) *Node {
	id := w.ID(name)
	if w.byID[id] != nil {
		panic(fmt.Sprintf("sim: there is a node %q already", name))
	}
	if w.over {
		panic(fmt.Sprintf("sim: node %q was added after Stop", name))
	}
	n := &Node{world: w, index: uint32(len(w.nodes)), id: id, born: algorithm}
	w.nodes = append(w.nodes, n)
	w.byID[id] = n
	n.start()
	return n
}

// start begins a life of the node. The first has the randomness that the live
// engine with the same seed would give it; the others have numbers of their own.
func (n *Node) start() {
	w := n.world
	alg := n.born()
	if w.opt.Watch != nil {
		alg = &tap{Algorithm: alg, node: n, watch: w.opt.Watch}
	}
	seed := w.opt.Seed ^ uint64(n.index)
	if n.lives > 0 {
		seed ^= mix(uint64(n.lives) << 32)
	}
	n.lives++
	w.born = n
	c := w.shard.NewNode(n.id, alg, core.Rand(seed))
	n.own(c)
	n.emulate()
	w.alive++
	c.Start()
	if w.up {
		c.TellWorldUp()
	}
}

// own makes a core node the node's life.
func (n *Node) own(c *core.Switch) {
	n.core = c
	c.SetRuntimeData(n)
}

// home is the node that a core node is a life of. One that has none yet is being
// made, and its algorithm's Bind has asked for something.
func (w *World) home(c *core.Switch) *Node {
	if c.RuntimeData() == nil {
		w.born.own(c)
	}
	return c.RuntimeData().(*Node)
}

// ID is the node's address and port.
func (n *Node) ID() core.NodeID { return n.id }

// Name is the node's name, or its ID as text if it was given none.
func (n *Node) Name() string { return n.world.Name(n.id) }

// World is the world that the node lives in.
func (n *Node) World() *World { return n.world }

// Index is the node's place in the order in which nodes were added, from 0.
func (n *Node) Index() int { return int(n.index) }

// Core is the node as its algorithm sees it. A restart replaces it.
func (n *Node) Core() *core.Switch { return n.core }

// Algorithm is what the node runs. A restart replaces it.
func (n *Node) Algorithm() core.Algorithm { return n.core.Algorithm() }

// Lives is how often the node has been started.
func (n *Node) Lives() int { return n.lives }

// Running reports whether the node runs and is not about to stop.
func (n *Node) Running() bool { return n.core.Running() }

// Panic is a panic in an algorithm, which ended a life of its node.
type Panic struct {
	Node *Node
	Life int // of the node, from 1
	At   time.Duration
	*core.Crash
}

// Deadlock is a circle of data lanes that wait for each other, and when it was found: half a
// Config.StallTimeout after it closed.
type Deadlock struct {
	At time.Duration
	core.Circle
}

// Deadlocks are the circles of waiting lanes so far, in the order in which they were
// found. Each is one time in it, also if it still stands.
func (w *World) Deadlocks() []Deadlock { return w.deadlocks }

// Panics are the panics of algorithms so far, in the order in which they came.
func (w *World) Panics() []Panic { return w.panics }

// Stats is a snapshot of the node's counters, those of its last life if it has ended.
func (n *Node) Stats() core.Stats { return n.core.Stats() }

// Nodes are the world's nodes in the order in which they were added. The caller
// must not change the slice.
func (w *World) Nodes() []*Node { return w.nodes }

// Node is the node of a name, or nil.
func (w *World) Node(name string) *Node {
	id, ok := w.ids[name]
	if !ok {
		var err error
		if id, err = core.ParseNodeID(name); err != nil {
			return nil
		}
	}
	return w.byID[id]
}

// linkSetting is what SetLink has set.
type linkSetting struct {
	to   core.NodeID
	emul emul.Link
}

// SetBandwidth limits what the node may send and receive, as core.Node.SetBandwidth
// does, in this life and in those to come.
func (n *Node) SetBandwidth(b emul.Bandwidth) {
	n.bandwidth = b
	n.core.SetBandwidth(b)
}

// SetLink says what the link to another node does to the messages on it, as
// core.Node.SetLink does, in this life and in those to come.
func (n *Node) SetLink(to core.NodeID, e emul.Link) {
	i := slices.IndexFunc(n.settings, func(s linkSetting) bool { return s.to == to })
	if i < 0 {
		i = len(n.settings)
		n.settings = append(n.settings, linkSetting{to: to})
	}
	n.settings[i].emul = e
	n.core.SetLink(to, e)
}

// emulate makes a new life's emulation that of the lives before.
func (n *Node) emulate() {
	if n.bandwidth != (emul.Bandwidth{}) {
		n.core.SetBandwidth(n.bandwidth)
	}
	for _, s := range n.settings {
		n.core.SetLink(s.to, s.emul)
	}
}
