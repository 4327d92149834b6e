// Package codingbench measures coding inside the switch: a chain of source, relay and
// receiver whose relay recodes n packets into m (netcode.Mixer), beside one whose relay
// forwards, and beside package coding/gf doing the same sums in a loop.
//
// All of a chain's nodes live on one event loop, so that CPU time is that of one thread.
// The source's packets are laid out once and cost next to nothing to send; the receiver
// looks at one generation of sampleEvery in detail, decodes it and compares it with what
// was coded.
//
// In rounds: each measures every contestant once, in an order that rotates; figures are
// medians over rounds, and ratios are taken within a round. What is counted is payload of
// packets that reached the receiver, headers and coefficients left out.
package codingbench
