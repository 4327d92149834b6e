package host

import (
	"github.com/ioverlay/ioverlay/algos/gossip"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// newGossip is gossip among the nodes that a node has links to.
func newGossip() Algorithm {
	const probability = "probability"
	return Algorithm{
		Name: "gossip",
		Params: []spec.Param{{Name: probability, Kind: spec.Probability, Default: 1.0,
			About: "How likely a node passes a message on to each neighbour."}},
		New: func(e Env) (core.Algorithm, error) {
			return gossip.New(e.Params.Float(probability), e.Downstreams...), nil
		},
	}
}
