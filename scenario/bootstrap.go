package scenario

import (
	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

// Whom a node knows when it starts. That depends on the plan alone: not on which nodes
// have ended by themselves, which in real time is a matter of luck. So it is the same in
// all worlds.

// intend notes which nodes run from now on, or do not, as the plan has it.
func (d *driver) intend(nodes []int, run bool) {
	for _, i := range nodes {
		d.nodes[i].planned = run
	}
	d.there = nil
}

// contacts are those of a node that starts now.
func (d *driver) contacts(i int) []core.NodeID {
	c := &d.plan.Nodes[i].Contacts
	switch {
	case c.All:
		return d.others(i, d.around())
	case c.Random > 0:
		// A node that starts again draws others than before.
		rng := core.Rand(d.seed(i) ^ contactsStream)
		return d.some(i, algos.Pick(rng, d.around(), c.Random+1), c.Random)
	}
	return d.others(i, c.Seeds)
}

// contactsStream keeps what is drawn for a node apart from what it draws itself.
const contactsStream = 0xc07a_c750_0000_0000

// around are the nodes that the plan says run now.
func (d *driver) around() []int {
	if d.there == nil {
		for i := range d.nodes {
			if d.nodes[i].planned {
				d.there = append(d.there, i)
			}
		}
	}
	return d.there
}

// others are the IDs of nodes but for one.
func (d *driver) others(i int, nodes []int) []core.NodeID { return d.some(i, nodes, len(nodes)) }

// some are the IDs of the first so many nodes but for one.
func (d *driver) some(i int, nodes []int, most int) (ids []core.NodeID) {
	for _, n := range nodes {
		if n != i && len(ids) < most {
			ids = append(ids, d.w.ID(n))
		}
	}
	return ids
}

// seed is what a node that starts now draws from: in each life of its own.
func (d *driver) seed(i int) uint64 {
	return d.plan.Seed ^ (uint64(i)+1)*0x9e3779b97f4a7c15 ^ d.nodes[i].lives<<48
}
