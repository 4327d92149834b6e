package sim

import "fmt"

// Schedule lets faults happen at their times, or now for those whose time has
// passed. It panics if one makes no sense (see [Fault.Validate]). A fault that
// names a node that is not there when it happens leaves that node out.
func (w *World) Schedule(faults ...Fault) {
	for _, f := range faults {
		if err := f.Validate(); err != nil {
			panic(err.Error())
		}
		w.At(f.At, func() { w.apply(f) })
	}
}

// apply lets a fault happen.
func (w *World) apply(f Fault) {
	if w.opt.Watch != nil {
		w.opt.Watch.Fault(w.now, f)
	}
	switch f.Kind {
	case Crash, Restart, Stop, Slow:
		for _, name := range f.Nodes {
			if n := w.Node(name); n != nil {
				n.apply(f)
			}
		}
	case Cut:
		w.cut(f.Nodes[0], f.Nodes[1])
		w.cut(f.Nodes[1], f.Nodes[0])
	case CutOneWay:
		w.cut(f.Nodes[0], f.Nodes[1])
	case Partition:
		w.partition(f.Groups)
	case Heal:
		w.heal(f.Nodes)
	default:
		panic(fmt.Sprintf("sim: a fault of kind %d", f.Kind))
	}
}

func (n *Node) apply(f Fault) {
	switch f.Kind {
	case Crash:
		n.core.Kill()
	case Restart:
		n.core.Kill()
		if !n.world.over {
			n.start()
		}
	case Stop:
		n.core.Stop()
	case Slow:
		n.cost = f.Cost
		for _, k := range n.world.links {
			if k.to == n {
				k.slow(n.cost > 0)
			}
		}
		if n.cost == 0 {
			n.serveSlow() // who waits need not any more
		}
	}
}

func (w *World) cut(from, to string) {
	if a, b := w.Node(from), w.Node(to); a != nil && b != nil {
		w.cuts[pair{a.index, b.index}] = true
		w.lookBetween(a, b)
	}
}

// lookBetween sees to the links between two nodes.
func (w *World) lookBetween(a, b *Node) {
	for _, k := range [...]*link{a.links.Get(b.id, 0), b.links.Get(a.id, 0)} {
		if k != nil {
			k.look()
		}
	}
}

func (w *World) partition(groups [][]string) {
	for _, n := range w.nodes {
		n.group = 0
	}
	for i, g := range groups {
		for _, name := range g {
			if n := w.Node(name); n != nil {
				n.group = i + 1
			}
		}
	}
	w.lookAll()
}

func (w *World) heal(nodes []string) {
	if len(nodes) == 0 {
		clear(w.cuts)
		w.partition(nil)
		return
	}
	if a, b := w.Node(nodes[0]), w.Node(nodes[1]); a != nil && b != nil {
		delete(w.cuts, pair{a.index, b.index})
		delete(w.cuts, pair{b.index, a.index})
		w.lookBetween(a, b)
	}
}
