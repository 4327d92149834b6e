// Package emul emulates what a network does to the messages of a node (paper,
// section 2.2, "emulated bandwidth"): the bandwidth of nodes and links, and the
// latency, jitter and loss of links.
//
// It is pure arithmetic on a "now" that is handed in, so the same code holds rates
// in real and in virtual time. It knows no messages, queues or timers; package core
// puts it between a lane's queue and its transport.
//
//	limiter.go window.go  one rate: how many bytes may pass now, or when again
//	shaper.go pick.go     a node's rates, and whose turn it is: max-min fair
//	flow.go shared.go     the flows that share them, and their links
//	turns.go              those that wait, in the order of their turns
//	under.go              the limits that a flow is under
//	link.go delay.go      latency, jitter and loss of one link
//	rate.go               bytes a second
//
// # What is counted
//
// A message counts with its header and payload, as wire.Frame says, once where it
// leaves a node and once where it enters one. TCP and IP headers, acknowledgements
// and the hello of a connection are not counted. Messages are never cut: one passes
// as soon as there is credit for its first byte, and those after it wait for the
// credit that it took beyond.
//
// # What is promised
//
// For a [Limiter] of rate r and interval I, in any span of time of length I at most
// r·I bytes pass and one message more, whatever was idle before and however late the
// timers are; and over longer spans a flow that always has something to send gets
// r, less what late timers cost: at most their lateness over I. A flow under two limits
// waits at one while the window of the other passes, for the time of a message or two;
// if both are nearly full, that time over I is lost to it and goes to the others.
package emul
