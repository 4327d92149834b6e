// Package observer is the algorithm of the paper's observer (section 2.2): an overlay node that answers boot messages with
// some nodes that are alive, polls them for their status, orders them about, and tells what it sees as updates of package
// record. Like every algorithm it reads no clock and opens no socket; package observer/live runs it.
//
//	observer.go   the node: whom it knows, and what comes from them
//	members.go    who is there: those that have been heard of, have answered, have gone
//	poll.go       asking, a part of them at each tick; who does not answer
//	status.go     a report to a node of the vocabulary; links.go to its links
//	changes.go    what happened, as far as two reports tell
//	text.go       what nodes say, made fit to be shown: it stays data
//	command.go    orders, as a page or a program writes them; orders.go: as messages
//	limits.go     every limit, with its reason
//
// # What nodes say is hostile until proven otherwise
//
// A node is known when it has answered a request that was sent to its own address, with the number that the request had:
// whoever says in a hello that it is somebody else does not see the number. A report counts for who gave it, and for
// nobody else. Everything that is kept of a node is bounded, and so is what nodes can have the observer do in a second; what
// goes over is counted, and told as an event of the kind "problem".
package observer
