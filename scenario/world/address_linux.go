package world

import "github.com/ioverlay/ioverlay/core"

// loopback: on Linux all of 127.0.0.0/8 is this machine.
func loopback(n int) ([]core.NodeID, error) { return loopbackNetwork(n) }
