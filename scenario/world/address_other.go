//go:build !linux

package world

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/ioverlay/ioverlay/core"
)

// loopback finds free ports of 127.0.0.1, the only address that every system has.
func loopback(n int) (c claim, err error) {
	var open []net.Listener
	defer func() {
		for _, l := range open {
			err = errors.Join(err, l.Close())
		}
	}()
	for range n {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return c, fmt.Errorf("world: find a free port: %w", err)
		}
		open = append(open, l)
		ap, err := netip.ParseAddrPort(l.Addr().String())
		if err != nil {
			return c, fmt.Errorf("world: the address of a port: %w", err)
		}
		c.ids = append(c.ids, core.NodeIDFrom(ap))
	}
	return c, nil
}
