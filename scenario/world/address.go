package world

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// A node keeps its address when it is started again, and all addresses are known
// before the first node runs, so that whoever comes first can be told of the others.

// claim is the addresses of a run's nodes. Other runs stay away from them until it is
// released.
type claim struct {
	ids  []core.NodeID
	held net.Listener // nil if nothing keeps them away, or needs to
}

func (c claim) release() error {
	if c.held == nil {
		return nil
	}
	return c.held.Close()
}

// addresses makes up or finds n addresses.
func addresses(n int, t spec.Transport) (claim, error) {
	if t == spec.TransportMem {
		const network = 10 // names only: nothing is sent to them
		return claim{ids: numbered(n, network)}, nil
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

// maxTCPNodes is how many addresses a loopback network has for nodes: the first is no
// address, the last is for broadcasts, and the one before it is the claim.
const maxTCPNodes = 1<<16 - 3

// loopbackNetwork gives each node an address of its own in 127.x.0.0/16. The x is one
// that no other run has: who listens at the last address of a network has it. Such an
// address is never taken as the source of a connection, as a port of 127.0.0.1 may be
// while its node is down.
func loopbackNetwork(n int) (claim, error) {
	if n > maxTCPNodes {
		return claim{}, fmt.Errorf("world: %d nodes are more than there are loopback addresses (%d): use transport: mem", n, maxTCPNodes)
	}
	const first, networks = 32, 200
	start := rand.IntN(networks) // so that runs seldom ask for the same one
	var why error
	for i := range networks {
		x := byte(first + (start+i)%networks)
		var held net.Listener
		if held, why = net.Listen("tcp4", address([4]byte{127, x, 255, 254}).String()); why != nil {
			continue
		}
		ids := make([]core.NodeID, n)
		for i := range ids {
			ids[i] = address([4]byte{127, x, byte((i + 1) >> 8), byte(i + 1)})
		}
		return claim{ids, held}, nil
	}
	return claim{}, fmt.Errorf("world: none of %d loopback networks is free: %w", networks, why)
}
