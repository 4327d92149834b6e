// Package protocoltest is a protocol of everything at once for tests of worlds: nodes
// ask and answer, pass questions on, flood, stream along trees, hold, close links and
// begin again, at random, and keep books of all that they send. Whatever the network
// does, in the end nothing waits, nothing is left, and
//
//	sent = received + told lost + lost on links that were told to + lost by those that crashed
//
// to the message. The simulator and the engine run the same algorithm.
package protocoltest
