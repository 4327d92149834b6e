// Package sflow federates services: B. Li, J. Guo, M. Wang, "iOverlay: A Lightweight Middleware Infrastructure for Overlay
// Application Implementations", Middleware 2004, section 3.3.
//
// A service is something that a node does with the data that flows through it: scale images, compress, encrypt, filter, join
// streams. Several nodes may have the same one: instances. A complex service is a directed acyclic graph of primitive ones, the
// Requirement, from one source to one sink. To federate it is to choose an instance for each of its steps, hop by hop,
// by the throughput that nodes measure to the instances that they know, and then data flows through those.
//
// # Messages
//
//	sAssign    (TypeAssign) gives a node a service and its place in the service graph: which services make what it takes, and
//	           take what it makes. From the observer, or the node itself
//	sAware     tells that a node has a service. It is relayed by nodes without one to all hosts that they know, until it
//	           meets a node with a service, which hands it to those beside the newcomer in the service graph. Once a Period each
//	           node tells its neighbours there again, and one other host, from which the news walks on
//	sFederate  (TypeFederate) asks the source's node; then, as a step, it goes from node to node, in the order of the steps.
//	           Each measures to the instances of the steps behind it; the last of a step's forerunners chooses, of those that
//	           all of them can send to, the one that the least can send most to
//	settle     the sink's node tells the plan to all, from its end, the source last
//	outcome    whoever asked, and the source, hear how it ended; a refusal says which service is missing
//
// # Use
//
// Make one with [New] and the node's first service. Services maps names to what is done; one that is not in it passes on
// what comes, without a copy. A federation begins with Federate or a TypeFederate message at a node that has the first
// service; data of the application that the node makes before that waits. What comes to the sink is handed to Deliver. Figures:
// the counters federations, refusals, repairs, spoiled (messages that a service made nothing of, but an error), dropped (the
// source's, of a session that was refused), strays (of a session, or from an upstream, that the node does not know), aware_bytes and
// federate_bytes (control traffic that came, headers included) and probe_bytes (that measurements sent); the
// histograms federate_s (from the question to the plan, in seconds, at the sink) and gap_s (how long nothing came at the sink around a repair).
//
// # Guarantees
//
//   - All nodes of a session that hear of each other believe in the plan of the latest round, and data flows only along it.
//   - A node has one part in a session, and each step one node.
//   - When an instance fails, the nearest upstream has another chosen, and all else stays. What comes meanwhile waits there and
//     stops its upstream; what the dead node had taken is lost, and counted as all losses are.
//   - A federation ends, with a plan or a refusal, within maxRounds times Timeout of its last message, if its source lives.
//   - A session ends behind its data.
//
// # Limits
//
// The choice is greedy: no federation is better at its first step, and some are better in all (bench/federation measures
// by how much). Where one instance would do for two steps it gets one of them, and the refusal of the other may be wrong.
// Measurements cost bytes (algos.Base.MeasureBandwidth), and measure an idle path: two sessions that chose the same instance share it.
// Nodes are believed, and not authenticated.
//
// # Deviations from the paper
//
//   - The paper forwards sFederate along the graph's edges. Here it goes through the steps one after another, since branches that
//     meet have to agree on where.
//   - The paper says nothing of failures.
package sflow
