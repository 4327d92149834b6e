package wire

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// NodeID identifies a node by the IP address and TCP port at which it accepts links (paper, section 2.2). It
// is a plain comparable value: == and map keys work. The zero value means "no node". An IPv4 address and the
// IPv6 address that maps it (::ffff:a.b.c.d) are the same node.
type NodeID struct {
	// The 16 bytes of the IPv6 or IPv4-mapped address, big-endian, with mapped4 flipped in lo. So an IPv4
	// address is hi == 0 and lo < 1<<32, and 0.0.0.0:0, which is how "no node" is written in a header, is
	// the zero value.
	hi, lo uint64
	port   uint16
}

// mapped4 is the low half of ::ffff:0.0.0.0.
const mapped4 = 0xffff << 32

// ParseNodeID parses "127.0.0.1:7001" or "[::1]:7001". Host names, zones and whatever is not Dialable are
// refused: port 0, the unspecified addresses (0.0.0.0 and ::, at which one listens but which nobody can
// dial), multicast addresses and 255.255.255.255. Errors wrap ErrNodeID and say what is wrong.
func ParseNodeID(s string) (NodeID, error) {
	fail := func(why string) (NodeID, error) {
		return NodeID{}, fmt.Errorf("%w: %q: %s", ErrNodeID, s, why)
	}
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 {
		return fail(`the port is missing; write it as in "127.0.0.1:7001"`)
	}
	host, portText := s[:colon], s[colon+1:]
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 {
		return fail("the port must be a number from 1 to 65535")
	}
	inner, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		if inner, bracketed = strings.CutSuffix(inner, "]"); !bracketed {
			return fail(`"[" without "]"`)
		}
	}
	addr, err := netip.ParseAddr(inner)
	switch {
	case err != nil:
		return fail("the part before the port must be an IP address, not a host name")
	case addr.Is6() != bracketed:
		return fail(`write an IPv6 address in brackets, as in "[::1]:7001", and an IPv4 address without`)
	case addr.Zone() != "":
		return fail("a zone has a meaning on one machine only")
	case addr.Unmap().IsUnspecified():
		return fail("an unspecified address can be listened at but not dialled; name the address others reach")
	}
	id := NodeIDFrom(netip.AddrPortFrom(addr, uint16(port)))
	if !id.Dialable() {
		return fail("a multicast or broadcast address is nobody's own; name the address others reach")
	}
	return id, nil
}

// NodeIDFrom converts an address and port. A zone is dropped, and an invalid address gives the zero NodeID.
func NodeIDFrom(ap netip.AddrPort) NodeID {
	if !ap.Addr().IsValid() {
		return NodeID{}
	}
	addr := ap.Addr().As16()
	return nodeID16(addr[:], ap.Port())
}

// nodeID16 makes a NodeID of the 16 bytes of an IPv6 or IPv4-mapped address.
func nodeID16(addr []byte, port uint16) NodeID {
	return NodeID{
		hi:   binary.BigEndian.Uint64(addr),
		lo:   binary.BigEndian.Uint64(addr[8:]) ^ mapped4,
		port: port,
	}
}

// put16 writes the 16 bytes of the address, IPv4 in mapped form.
func (id NodeID) put16(b []byte) {
	binary.BigEndian.PutUint64(b, id.hi)
	binary.BigEndian.PutUint64(b[8:], id.lo^mapped4)
}

// AddrPort returns the address and port; for the zero NodeID the zero (invalid) AddrPort.
func (id NodeID) AddrPort() netip.AddrPort {
	if id.IsZero() {
		return netip.AddrPort{}
	}
	var addr [16]byte
	id.put16(addr[:])
	return netip.AddrPortFrom(netip.AddrFrom16(addr).Unmap(), id.port)
}

// IsZero reports whether id means "no node".
func (id NodeID) IsZero() bool { return id == NodeID{} }

// Is4 reports whether id has the short form in a header: an IPv4 address, or no node at all.
func (id NodeID) Is4() bool { return id.hi == 0 && id.lo>>32 == 0 }

// Port returns the TCP port, 0 for no node.
func (id NodeID) Port() uint16 { return id.port }

// Words are the ID as numbers, for tables in memory: IDs that are the same have the same, and others have others. They are in no protocol,
// and may be others in another build.
func (id NodeID) Words() (hi, lo uint64, port uint16) { return id.hi, id.lo, id.port }

// Dialable reports whether id can be the identity of a node: it has a port, and its address can be one
// machine's own. Unspecified addresses, multicast addresses (224.0.0.0/4 and ff00::/8) and 255.255.255.255
// are nobody's. Whatever takes an ID from a peer asks this before it dials. The broadcast address of a
// subnet looks like any other; dialling it fails.
func (id NodeID) Dialable() bool {
	if id.port == 0 {
		return false
	}
	if id.Is4() {
		const broadcast, multicast = 1<<32 - 1, 0xe // the latter in the first four bits
		return id.lo != 0 && id.lo != broadcast && id.lo>>28 != multicast
	}
	unspecified6 := id.hi == 0 && id.lo == mapped4
	return !unspecified6 && id.hi>>56 != 0xff
}

// Compare orders node IDs totally and alike on every machine: no node first, then IPv4 before IPv6, by
// address, then by port. It returns -1, 0 or +1.
func (id NodeID) Compare(o NodeID) int {
	if c := cmp.Compare(id.hi, o.hi); c != 0 {
		return c
	}
	if c := cmp.Compare(id.lo, o.lo); c != 0 {
		return c
	}
	return cmp.Compare(id.port, o.port)
}

// String returns the form that ParseNodeID reads, and "none" for no node.
func (id NodeID) String() string {
	if id.IsZero() {
		return "none"
	}
	return id.AddrPort().String()
}

// AppendText appends String's form; nothing for no node. The error is always nil.
func (id NodeID) AppendText(b []byte) ([]byte, error) {
	if id.IsZero() {
		return b, nil
	}
	return id.AddrPort().AppendTo(b), nil
}

// MarshalText returns String's form; empty text for no node. The error is always nil.
func (id NodeID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText reads what MarshalText wrote. Errors are those of ParseNodeID.
func (id *NodeID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = NodeID{}
		return nil
	}
	parsed, err := ParseNodeID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
