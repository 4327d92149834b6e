// Package soak keeps an engine under the loads that networks and strangers bring, on real
// sockets, and checks that nothing grows and nothing is lost unseen.
//
// A run is made of rounds. In each, sessions flow along paths of several nodes while nodes
// are stopped, crashed and started again at their addresses (churn), links are cut, emulated
// bandwidth changes, strangers begin messages that they never finish, say garbage, or say
// hello and nothing more, and control messages come in storms. A round ends with a calm, in
// which only the sessions flow; at its end memory, descriptors, goroutines and slabs are
// read. After the last round the sources stop, and the books are made:
//
//	sent = received + counted lost
//
// each for all nodes that ever were, to the message.
//
// # Level
//
// The first third of the rounds is warm-up. Through the samples of the others the line of
// Theil and Sen is laid (the median of the slopes of all pairs; Sen, JASA 63, 1968), which a
// few outliers do not bend. A quantity is level if that line rises, over all of these
// rounds, by no more than a tenth of the median, or by no more than what a round may differ
// from the next by chance: 64 MiB, 200 descriptors, 8 goroutines, 100 slabs. With less than MinSamples
// samples nothing is said.
package soak
