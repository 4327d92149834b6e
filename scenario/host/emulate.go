package host

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Both have been checked when the scenario was read.

func setBandwidth(n *core.Node, b spec.NodeBandwidth) { n.SetBandwidth(b.Emulation()) }

func setDefaultLink(n *core.Node, s spec.LinkState) { n.SetDefaultLink(s.Emulation()) }

func setLink(n *core.Node, peer core.NodeID, s spec.LinkState) { n.SetLink(peer, s.Emulation()) }
