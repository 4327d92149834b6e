// Package core is the switch: nodes, links made of lanes, and the contract with
// an algorithm (paper, sections 2.2 and 2.3).
//
// It is pure. It opens no socket, reads no clock, starts no goroutine and draws
// no global random number: a [Runtime] hands those in. That is why one compiled
// algorithm runs live (package core/engine), emulated, and in virtual time.
//
// Everything here belongs to one [Shard], which one event loop owns. Nothing in
// this package is safe for concurrent use unless its comment says so, and
// nothing needs to be: a node never leaves its loop.
//
// # A message's way
//
//		transport ─Feed─▶ InLane ─serve─▶ Algorithm.Process ─Send─▶ OutLane ─Flush─▶ transport
//
//	 1. A transport feeds an [InLane] a [Run]: whole frames that lie next to each
//	    other in one slab (inlane.go).
//	 2. The switch gives each lane with frames its turn by deficit round robin
//	    and hands the algorithm a view of each frame (switch.go).
//	 3. [Node.Send] appends the view to the queue of the destination's lane; views
//	    that touch become one run again (send.go, outlane.go).
//	 4. The runtime flushes the lanes that got something, one call a burst.
//
// Payload is never copied on this way, and in steady state nothing is allocated.
package core
