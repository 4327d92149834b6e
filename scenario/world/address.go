package world

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// A node keeps its address when it is started again, and all addresses are known
// before the first node runs, so that whoever comes first can be told of the others.

// addresses makes up or finds n addresses.
func addresses(n int, t spec.Transport) ([]core.NodeID, error) {
	if t == spec.TransportMem {
		const network = 10 // names only: nothing is sent to them
		return numbered(n, network), nil
	}
	return loopback(n)
}

// nodePort is the port of all nodes that have an address of their own.
const nodePort = 7000

// numbered are n addresses in a network of the form b.x.y.z.
func numbered(n int, first byte) []core.NodeID {
	ids := make([]core.NodeID, n)
	for i := range ids {
		ids[i] = address([4]byte{first, byte((i + 1) >> 16), byte((i + 1) >> 8), byte(i + 1)})
	}
	return ids
}

func address(a [4]byte) core.NodeID {
	return core.NodeIDFrom(netip.AddrPortFrom(netip.AddrFrom4(a), nodePort))
}

// maxTCPNodes is how many addresses loopbackNetwork has.
const maxTCPNodes = 1<<16 - 2

// loopbackNetwork gives each node an address of its own in 127.x.0.0/16, with an x
// that is drawn anew for each run, so that runs at the same time do not meet. Such
// an address is never taken as the source of a connection, as a port of 127.0.0.1
// may be while its node is down.
func loopbackNetwork(n int) ([]core.NodeID, error) {
	if n > maxTCPNodes {
		return nil, fmt.Errorf("world: %d nodes are more than there are loopback addresses (%d): use transport: mem", n, maxTCPNodes)
	}
	const first, networks = 32, 200
	x := byte(first + rand.IntN(networks))
	ids := make([]core.NodeID, n)
	for i := range ids {
		ids[i] = address([4]byte{127, x, byte((i + 1) >> 8), byte(i + 1)})
	}
	return ids, nil
}
