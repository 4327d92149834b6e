// Package sim is the virtual-time runtime: it gives the nodes of package core a
// clock that only events move, links that are queues, and faults on a schedule.
// The same seed gives the same run, event for event, on any number of processors:
// a [World] is one goroutine's, draws no number that its seed does not determine,
// and walks no map.
//
//	w := sim.New(sim.Options{Seed: 7})
//	defer w.Close()
//	b := w.AddNode("b", func() core.Algorithm { return relay.New(sink) })
//	a := w.AddNode("a", func() core.Algorithm { return relay.New(nil, b.ID()) })
//	a.Core().AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 100}, 50))
//	w.Schedule(sim.Fault{At: 3 * time.Second, Kind: sim.Crash, Nodes: []string{"b"}})
//	err := w.RunFor(10 * time.Second)
//
// # Time
//
// Whatever crosses a link takes [Options.Hop]: a run of messages, the hello that
// opens a lane and the answer to it, the end of a lane. Nothing else takes time:
// not handling a message, unless its node is slow (see [Slow]), and not the
// acknowledgement that makes room at the sender. Emulated bandwidth, latency,
// jitter and loss are package core's business and come on top, by its timers. A
// source that always has more is asked once a hop. So a lane without emulation
// carries Options.WindowBytes a hop, and time always goes on.
//
// # What happens at the same time
//
// Events of one instant happen in the order in which they were caused. With
// [Options.Order] set to Shuffled they happen in an order that the seed draws,
// which finds algorithms that rely on luck. Messages of one lane never overtake
// each other, since a lane is a TCP connection; neither do a node's own timers.
//
// Rooms, in the order in which an event meets them:
//
//	world.go run.go      the world, its clock and its loop
//	event.go queue.go    events and their order
//	runtime.go timers.go the world as a core.Runtime
//	lane.go dial.go      a lane: opened, filled, drained, closed
//	link.go cut.go       what lanes between two nodes share: counters, cuts, time-outs
//	slow.go              nodes whose processing takes time
//	fault.go faultparse.go apply.go   faults as values, as text, and what they do
//	node.go tap.go       nodes, and who watches what reaches them
//
// Package sim/trace writes and reads traces, sim/hunt looks for a seed that fails
// and makes the failure small, and sim/simtest is for tests of algorithms.
package sim
