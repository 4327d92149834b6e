// Package goroutine is the thread-per-connection architecture of the paper (section 2.2) as one would write it in Go
// today, and write it well: what the event-loop engine is compared with.
//
// Every node has a receiver goroutine for each connection from upstream, one switch goroutine, and a sender goroutine
// for each connection downstream, joined by bounded channels. A message goes the whole way through a node as a
// pointer to a pooled buffer with one owner at a time:
//
//  1. The receiver reads the socket through a large buffer, parses the header and fills a message from the pool.
//  2. The switch takes it from its channel and puts the same message into the channel of a sender.
//  3. The sender takes what its channel holds, writes it as one burst, and returns the messages to their pool.
//
// A channel carries one message an element, as the paper's buffers do. Handing over slices of messages would be
// cheaper and would also be another architecture: then a batch, and not a message, is what is switched.
//
// The stream ends by itself: a sender that has no more to send closes its half of the connection, and the receiver at
// the other end closes its channel. That is also how a chain is drained.
package goroutine
