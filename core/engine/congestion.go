package engine

import (
	"net/netip"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/internal/localtcp"
)

// unpace tunes a socket that is about to be connected, if the connection can not leave the host.
func (lp *loop) unpace(fd int, from core.NodeID, to netip.Addr) {
	if !withinHost(from, to) {
		return
	}
	if err := localtcp.Unpace(fd); err != nil {
		lp.eng.opt.Log.Debug("tuning a link within the host", "from", from, "to", to, "err", err)
	}
}

// withinHost reports whether a node's connection to an address stays on the host for sure.
func withinHost(from core.NodeID, to netip.Addr) bool {
	to = to.Unmap()
	return to.IsLoopback() || to == from.AddrPort().Addr().Unmap()
}
