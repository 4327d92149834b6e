// Command gossip is a program of one's own: an algorithm, a version of it with a
// mistake, and a line that makes a program of them (docs/tutorial.md).
//
//	go run ./examples/gossip run examples/gossip/gossip.yaml --world proc
//	go run ./examples/gossip sim examples/gossip/gossip.yaml --algorithm hasty --seeds 1..1000 --until-fail
package main

import (
	"github.com/ioverlay/ioverlay"
	"github.com/ioverlay/ioverlay/core"
)

// algorithms are what scenarios can name besides those that iOverlay comes with.
var algorithms = []ioverlay.Algorithm{
	{Name: "my-gossip", New: func(e ioverlay.Env) (core.Algorithm, error) {
		return &Gossip{Neighbours: e.Downstreams}, nil
	}},
	{Name: "hasty", New: func(e ioverlay.Env) (core.Algorithm, error) {
		return &Hasty{Gossip{Neighbours: e.Downstreams}}, nil
	}},
}

func main() { ioverlay.Main(algorithms...) }
