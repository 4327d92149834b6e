package engine

import (
	"fmt"

	"github.com/ioverlay/ioverlay/core"
)

// downstreamer is an algorithm that says where it sends, as algos/relay does. A node that
// is to send to itself is a mistake of whoever set it up: it is refused before it starts,
// not once for each message.
type downstreamer interface{ Downstreams() []core.NodeID }

// mayRun checks that an algorithm does not lead back to its own node.
func (n *Node) mayRun(alg core.Algorithm) error {
	d, ok := alg.(downstreamer)
	if !ok {
		return nil
	}
	for _, to := range d.Downstreams() {
		if n.ownName(to) {
			return fmt.Errorf("engine: the node %v has itself (%v) as a downstream: name other nodes, since what it would send itself it has already", n.id, to)
		}
	}
	return nil
}
