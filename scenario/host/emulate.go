package host

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Both have been checked when the scenario was read.

func setBandwidth(n *core.Node, b spec.NodeBandwidth) { n.SetBandwidth(b.Emulation()) }

func setLink(n *core.Node, peer core.NodeID, s spec.LinkState) { n.SetLink(peer, s.Emulation()) }
