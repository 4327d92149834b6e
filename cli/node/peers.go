package node

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
)

// peers are the other nodes that the flags of "ioverlay node" name.
type peers struct {
	downstreams []core.NodeID
	upstreams   []core.NodeID
	contacts    []core.NodeID // known when it starts
	observers   []core.NodeID // the first gives orders, the others look on
	zone        string        // the interface of those that are link-local; empty for none
}

const aPeer = "an IP address that a node can have and a port, like 127.0.0.1:7001 or [fe80::1%eth0]:7001"

// peers reads the flags that name other nodes.
func (f nodeFlags) peers() (p peers, err error) {
	for _, d := range f.downstreams {
		id, err := p.parse(d)
		if err != nil {
			return p, console.Usage("downstream", d, aPeer+" ("+err.Error()+")")
		}
		if f.isItself(id) {
			return p, console.Usage("downstream", d, "other nodes than this one, which listens or is known there: what it would send itself it has already")
		}
		p.downstreams = append(p.downstreams, id)
	}
	for _, more := range []struct {
		flag  string
		texts []string
		to    *[]core.NodeID
	}{{"upstream", f.upstreams, &p.upstreams}, {"contact", f.contacts, &p.contacts}, {"observer", f.observers, &p.observers}} {
		for _, text := range more.texts {
			id, err := p.parse(text)
			if err != nil {
				return p, console.Usage(more.flag, text, aPeer+" ("+err.Error()+")")
			}
			*more.to = append(*more.to, id)
		}
	}
	return p, nil
}

// isItself reports whether an ID is where the node is to listen or to be known. What the
// system chooses is checked when the node starts.
func (f nodeFlags) isItself(id core.NodeID) bool {
	listen, _, err := parsePeer(f.listen)
	if err == nil && listen == id {
		return true
	}
	known, _, err := parsePeer(f.advertise)
	if err != nil { // without a port: that of --listen
		at, parsed := netip.ParseAddr(strings.Trim(f.advertise, "[]"))
		bound, _ := netip.ParseAddrPort(f.listen)
		known, err = core.NodeIDFrom(netip.AddrPortFrom(at, bound.Port())), parsed
	}
	return err == nil && known == id
}

// parse reads a peer's address. IDs have no zone, so it goes to the node, which has one
// for all its link-local peers.
func (p *peers) parse(text string) (core.NodeID, error) {
	id, zone, err := parsePeer(text)
	switch {
	case err != nil || zone == "":
		return id, err
	case p.zone != "" && p.zone != zone:
		return id, errors.New("its zone is not that of the other peers, " + p.zone)
	}
	p.zone = zone
	return id, nil
}

// parsePeer tells an address with a zone into a node ID and the zone.
func parsePeer(text string) (id core.NodeID, zone string, err error) {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		zone = ap.Addr().Zone()
		text = netip.AddrPortFrom(ap.Addr().WithZone(""), ap.Port()).String()
	}
	id, err = core.ParseNodeID(text)
	return id, zone, err
}
