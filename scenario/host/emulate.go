package host

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

func setBandwidth(n *core.Node, b spec.NodeBandwidth) {}

func setLink(n *core.Node, peer core.NodeID, s spec.LinkState) {}
