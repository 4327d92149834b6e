// Package engine is the real-time runtime: it gives the nodes of package core
// real time, TCP links, links inside the process, and a core each to run on.
//
// An [Engine] has a few event loops, one a processor core. A node lives on one
// loop for good; its links, timers and algorithm are touched by that loop alone,
// so nothing on a message's way is locked. The number of threads does not grow
// with nodes or links.
//
// Rooms:
//
//	engine.go node.go options.go   the API: engines and their nodes, safe for concurrent use
//	clock.go end.go                what all nodes share: the time, a beginning, an end
//	loop.go turn.go                a loop and what it does in one turn
//	tcpin.go tcpout.go listen.go   TCP lanes
//	deadlines.go pressure.go         connections that must act soon, or find no memory
//	mempipe.go                     lanes between two loops of one process
//	inbox.go timers.go             what wakes a loop besides sockets
//	sock.go sys_*.go wake_*.go     system calls
package engine
