// Package ioverlay is what a program on iOverlay imports first: middleware for people who invent overlay algorithms,
// such as multicast trees, gossip, network coding, service composition and structured search (Li, Guo and Wang,
// Middleware 2004).
//
// A program is its algorithms and one line:
//
//	func main() {
//		ioverlay.Main(ioverlay.Algorithm{Name: "mine", New: func(e ioverlay.Env) (core.Algorithm, error) {
//			return &Mine{Neighbours: e.Downstreams}, nil
//		}})
//	}
//
// It runs scenarios with them in virtual time, live and with a process a node, hunts for seeds that fail, reads traces,
// and is a node of its own: "mine run scenario.yaml", "mine sim", "mine trace", "mine node". "ioverlay new mine" writes
// such a program with its scenario and its test; docs/algorithm.md begins there.
//
// Then there are these packages:
//
//   - core: the contract with an algorithm, and the switch.
//   - algos: the base that an algorithm embeds, and the algorithms shipped here.
//   - scenario: experiments as files, for Go programs; scenario/scenariotest for tests.
//   - core/engine and core/sim: the runtimes, in real and in virtual time.
//   - cli: the commands of every program; cmd/ioverlay: the binary that comes with this.
//
// The tests beside this file hold the architecture: which package may import
// which, and what the packages that must run alike in every world may not do.
package ioverlay
