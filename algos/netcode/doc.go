// Package netcode is network coding on overlay nodes (paper, section 3.1): nodes that
// combine what they receive, and receivers that solve for what was sent.
// docs/coding-multicast.md builds an algorithm with it.
//
// There are three ways to code.
//
// Streams with fixed coefficients, as in the paper's Fig. 4. Messages of n streams with
// the same number belong together, and [Coder] gathers them; a new algorithm embeds it
// and is a combination rule, nothing else. [Linear] and [Solver] are such algorithms.
//
//	coder.go  gathering: what is held, what is waited for (coder_wait.go: and if it stays away)
//	set.go    what a rule can do with a set of messages
//	solve.go  which combination of a set gives back a stream
//	linear.go Linear, Solver
//
// Random linear coding by generations (package coding), for any acyclic topology:
//
//	mixer.go     Mixer: n packets in, m recoded packets out, no feedback
//	multicast.go Multicast: sources, recoding relays and receivers with feedback
//	slot.go      one generation at a node
//	source.go    messages become generations
//	envelope.go  what packets and answers travel in
//	stream.go    which stream a node is in
//	pace.go control.go        how links share time, and how the source learns how much
//	downstream.go supply.go   what is sent to whom
//	upstream.go want.go       what is asked of whom
//	poison.go    what is false, and who lied
//	deliver.go   generations become packets again
//
// Random linear coding by a sliding window, likewise: messages are delivered one by one, and may be given up when they are too old:
//
//	window.go          Window: sources, recoding relays and receivers
//	window_source.go   messages become packets
//	window_envelope.go what packets and answers travel in
//	window_stream.go   which stream a node is in
//	window_down.go window_choose.go   what is sent to whom
//	window_up.go       what is asked of whom
//	window_deliver.go  packets become messages again, or are given up
//	window_timers.go   when
//
// The last two are members of a session in the same way:
//
//	member.go         its neighbours
//	member_stream.go  which stream it is in, and what may take its place
//	member_timers.go  when it tells whom
//
// Payloads are not copied on the way: messages are held or retained, and coded bytes
// are written where they leave from.
package netcode
