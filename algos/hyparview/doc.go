// Package hyparview keeps a node connected to a few others of a large overlay, whatever
// fails: J. Leitão, J. Pereira, L. Rodrigues, "HyParView: a membership protocol for
// reliable gossip-based broadcast", DSN 2007.
//
// A node has a small active view, its neighbours, who have it in theirs, and to whom it
// keeps links: a link that breaks is a neighbour that has failed. A larger passive view of
// nodes without links is what failed neighbours are replaced from.
//
// # Messages
//
// All are control messages; bodies are in messages.go.
//
//	neighbour   a request: be my neighbour? Answered yes or no. With urgent set (the
//	            asker has no neighbour) the answer is yes, and another neighbour goes.
//	            With join set, it is from a newcomer
//	join        the walk that tells of a newcomer, from neighbour to neighbour: ForwardJoin.
//	            Where it ends, and on the way in a passive view, the newcomer is taken in
//	disconnect  you are not my neighbour any more
//	shuffle     a walk with a sample of both views, once a Period
//	sample      what the node where a shuffle ends gives for it, straight to its maker
//
// # Use
//
// Embed HyParView by value, as package plumtree does, and set OnNeighbour; Neighbours is
// the active view. Contacts are the known hosts of [algos.Base] (AddHost, or bootstrap in
// a scenario): a node without neighbours asks them until one takes it in.
//
// # Guarantees
//
//   - Views are bounded, have no node twice, and never the node itself.
//   - In quiet times the active views are symmetric: a message on the overlay from a node
//     that is no neighbour is answered with disconnect (Stranger), and every neighbour is
//     sent something in a few Periods.
//   - The overlay of the nodes that live is connected, with high probability: measured
//     after 10 to 90% of 10,000 failed at once (docs/library.md).
//
// # Limits
//
// Nobody is authenticated: a member can lie about others. A silent cut is noticed by what
// is sent over it, so after a few Periods and Config.FailTimeout.
//
// # Deviations from the paper
//
//   - A neighbour request is one message with an answer for join, urgent and ordinary ones
//     alike, so that both ends always know whether they are neighbours.
//   - Neighbours that were lost are remembered, as many as the active view has room for,
//     and one of them is asked again each Period, urgently. Without that a partition
//     that has lasted until both sides had full views would stay for ever.
//   - A node whose active view is not full asks a few of its passive view each Period, not
//     only when a neighbour fails.
package hyparview
