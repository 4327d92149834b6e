// Package ioverlay is the root of iOverlay, middleware for people who invent
// overlay algorithms: multicast trees, gossip, network coding, service
// composition, structured search (Li, Guo and Wang, Middleware 2004).
//
// It holds no code of its own. Start with these packages:
//
//   - core: the contract with an algorithm, and the switch.
//   - algos: the base that an algorithm embeds, and the algorithms shipped here.
//   - core/engine and core/sim: the runtimes, in real and in virtual time.
//   - cli: the commands of every program; cmd/ioverlay: the binary that comes with this.
//
// The tests beside this file hold the architecture: which package may import
// which, and what the packages that must run alike in every world may not do.
package ioverlay
