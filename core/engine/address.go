package engine

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
)

// Three addresses of a node, which are one unless somebody says otherwise:
//
//	where it listens     NodeOptions.Listen; may be unspecified (0.0.0.0, ::), or have a
//	                     zone (fe80::1%eth0)
//	where it is bound    the same, with the port that the system chose
//	as whom it is known  NodeOptions.Advertise: its node ID, what hellos and headers
//	                     say. It has no zone, since a zone means something on one
//	                     machine only
type addresses struct {
	listen netip.AddrPort
	zone   uint32 // index of the interface of link-local peers; 0: none is configured
}

// addressesOf reads and checks the options of a node that listens. All that can be
// wrong with them is found before there is a socket.
func addressesOf(o NodeOptions) (a addresses, err error) {
	listen := o.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	if a.listen, err = netip.ParseAddrPort(listen); err != nil {
		return a, fmt.Errorf("engine: listen on %q: want an IP address and a port, like 127.0.0.1:7001 (port 0 lets the system choose)", listen)
	}
	advertised := a.listen.Addr()
	if o.Advertise != "" {
		ap, err := parseAdvertised(o.Advertise, 1)
		if err != nil {
			return a, err
		}
		advertised = ap.Addr()
	}
	if a.zone, err = zoneOf(o.Zone, a.listen.Addr().Zone(), advertised.Zone()); err != nil {
		return a, err
	}
	switch at := a.listen.Addr(); {
	case at.IsUnspecified() && o.Advertise == "":
		return a, fmt.Errorf("engine: listen on %q: a node is known by the address it listens on, so it must be one that others can reach; "+
			"to listen on all addresses, advertise the one that others reach (NodeOptions.Advertise, --advertise)", listen)
	case !at.IsUnspecified() && !core.NodeIDFrom(netip.AddrPortFrom(at, 1)).Dialable():
		return a, fmt.Errorf("engine: listen on %q: a multicast or broadcast address is nobody's own", listen)
	case needsZone(at) && a.zone == 0:
		return a, fmt.Errorf("engine: listen on %q: a link-local address needs its interface, as in [fe80::1%%eth0]:7001 (or NodeOptions.Zone)", listen)
	}
	return a, nil
}

// parseAdvertised reads an address with or without a port; without one, or with port
// 0, it is the port that the node listens on.
func parseAdvertised(text string, listening uint16) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(text)
	if err != nil {
		bare := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
		addr, err := netip.ParseAddr(bare)
		if err != nil {
			return ap, fmt.Errorf("engine: advertise %q: want an IP address that others reach, with or without a port, like 192.0.2.1:7001", text)
		}
		ap = netip.AddrPortFrom(addr, 0)
	}
	if ap.Port() == 0 {
		ap = netip.AddrPortFrom(ap.Addr(), listening)
	}
	if !core.NodeIDFrom(ap).Dialable() {
		return ap, fmt.Errorf("engine: advertise %q: an unspecified, multicast or broadcast address is nobody's own; name the address that others reach", text)
	}
	return ap, nil
}

// zoneOf is the interface that all the names stand for; those that are empty do not
// count.
func zoneOf(names ...string) (zone uint32, err error) {
	first := ""
	for _, name := range names {
		if name == "" {
			continue
		}
		index, err := interfaceIndex(name)
		if err != nil {
			return 0, err
		}
		if zone != 0 && index != zone {
			return 0, fmt.Errorf("engine: a node in the zones %s and %s: it has one, which is that of all its link-local peers", first, name)
		}
		first, zone = name, index
	}
	return zone, nil
}

// interfaceIndex finds an interface by name or number.
func interfaceIndex(name string) (uint32, error) {
	if i, err := net.InterfaceByName(name); err == nil {
		return uint32(i.Index), nil
	}
	if n, err := strconv.ParseUint(name, 10, 31); err == nil && n > 0 {
		if _, err := net.InterfaceByIndex(int(n)); err == nil {
			return uint32(n), nil
		}
	}
	return 0, fmt.Errorf("engine: zone %q: this machine has no such network interface", name)
}

// needsZone reports whether an address means something on one interface only.
func needsZone(a netip.Addr) bool { return a.Is6() && !a.Is4In6() && a.IsLinkLocalUnicast() }

// sockaddr is an address as system calls want it, without a zone.
func sockaddr(ap netip.AddrPort) unix.Sockaddr {
	a := ap.Addr()
	if a.Is4() {
		return &unix.SockaddrInet4{Port: int(ap.Port()), Addr: a.As4()}
	}
	return &unix.SockaddrInet6{Port: int(ap.Port()), Addr: a.As16()}
}

// zoned is an address in a zone, if it needs one.
func zoned(ap netip.AddrPort, zone uint32) unix.Sockaddr {
	sa := sockaddr(ap)
	if sa6, ok := sa.(*unix.SockaddrInet6); ok && needsZone(ap.Addr()) {
		sa6.ZoneId = zone
	}
	return sa
}

// addrPort is the address of a system call, without its zone.
func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return netip.AddrPort{}
}

// comesFrom reports whether the peer of a connection receives at the address of the node
// that it says it is. TCP shows that it receives where the connection comes from; a node of
// this machine's loopback may dial from another of its addresses, and nothing that is sent
// there leaves the machine. A node behind NAT proves nothing, whoever it is.
func (c *tcpIn) comesFrom(id core.NodeID) bool {
	sa, err := unix.Getpeername(c.fd)
	if err != nil {
		return false
	}
	at, says := addrPort(sa).Addr(), id.AddrPort().Addr()
	return at == says || at.IsLoopback() && says.IsLoopback()
}

// Proven implements core.Prover.
func (c *tcpIn) Proven() bool { return c.proven }

// localAddr is a socket's own address.
func localAddr(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("getsockname: %w", err)
	}
	return addrPort(sa), nil
}
