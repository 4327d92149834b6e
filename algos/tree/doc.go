// Package tree builds data dissemination trees where the last mile is the bottleneck: B. Li, J. Guo, M. Wang,
// "iOverlay: A Lightweight Middleware Infrastructure for Overlay Application Implementations",
// Middleware 2004, section 3.2.
//
// Every session (application) has a tree of its own. Its root is the node whose source it is. A node that wants
// in sends a query, which is relayed until it meets the first node in the tree, and travels on in the tree as the
// Policy says; where it ends, the node is sent an acknowledgement, joins, and gets the data from there.
//
//	Unicast     the query goes to the source: a star (the paper's all-unicast)
//	Random      the first node in the tree takes the newcomer (randomized)
//	NodeStress  the query goes to the parent or child with the least stress, until a node has the
//	            least itself (ns-aware). Stress is the degree, which is the number of links
//	            in the tree, by the last-mile bandwidth in 100 KBps
//
// With Refine a parent hands a child over to the neighbour that would have less stress with it than the parent has without:
// the paper remarks that its own tree of figure 5 gains by that.
//
// # Messages
//
// All on the control lanes, but for mark.
//
//	query   who wants in, and where the query has been: hops that are left
//	ack     to who wants in: ask me
//	join    may I? A request; its answer says yes or no, and the way from the source
//	beat    parent to child, once a Period and whenever something changes: the way from the source, and the
//	        parent's degree and bandwidth. It begins at the source; who has none forwards none
//	report  child to parent, likewise: the child's degree and bandwidth
//	leave   this link of the tree is no more; from a parent that leaves with whom to ask in its place
//	move    parent to child: join that neighbour of mine instead (Refine)
//	mark    parent to child, on the lane of the data: what follows is of this life of the source
//	unsure  child to parent, once a Period while data comes that does not fit the last mark: mark it again, for on a link
//	        with losses the mark may have been lost
//
// # Use
//
// Make one with [New]; contacts are the known hosts of [algos.Base]. A node is in a session from Join
// (or a join message) to Leave, and a source's node from Root, or the first message of its own. Data
// that comes is handed to Deliver. Figures: the gauges degree, stress and depth (a node in several sessions has that of the last
// that changed) and last_mile (as measured, bytes a second), the counters joins, join_msgs (messages that joining took, of this node: queries sent and
// relayed, acknowledgements, requests and their answers), measure_bytes (sent to measure), missed (messages that a node knows it did not get while it was a member), strays (data from another than the
// parent), late (data behind what has come) and moves, and the histograms join_s (from the first query to being in the tree, in seconds) and
// query_hops (that the query that was answered went).
//
// Where the bandwidth of the last mile comes from is settable. It is told (Bandwidth, or the node's emulated one), or, with Measure, measured
// to some known hosts one after another before the node's first query, and the best counts: that is the last mile,
// unless all these hosts have less. A root is in its tree at once and measures then, beside its data if there is any. What is measured
// is not measured again, and where all measurements fail what is told counts.
//
// # Guarantees
//
//   - A node has one parent, and data is taken from it alone, each message once and in order. A source that has crashed and
//     starts again numbers anew; lives have an order, and what is of one that is over is dropped and counted as late.
//   - No node takes one that is on its own way from the source. Two that join below each other in the same instant
//     make a circle, which ends when either is told a way that it lies on: within the time of a message around it.
//   - A node whose parent has crashed, left, or is cut off for Patience periods looks for another at once, below its grandparent
//     first. Its own children stay with it. When nothing fails any more, every member that can reach the source by known hosts
//     is in the one tree within Patience periods for each node on its way from the source that has lost its own, and a
//     few times Retry.
//   - What a node misses meanwhile is counted, not repaired.
//
// # Limits
//
// The slowest child sets the pace of its parent's data, as everywhere where nothing is dropped. Loads are believed
// as they are told, and nodes are not authenticated. A tree is at most MaxDepth deep, a node has at most MaxChildren
// children and MaxSessions sessions; who asks beyond is refused, and asks elsewhere.
//
// # Deviations from the paper
//
//   - The paper's acknowledgement makes the newcomer a child. Here it has to ask, since the first of several
//     acknowledgements is taken, and the one who sent it may be gone or below the newcomer by then.
//   - The way from the source is told along the tree: the paper says nothing of circles.
package tree
