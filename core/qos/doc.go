// Package qos holds the meters of the switch: what a connection's kernel says,
// whether a peer still answers, whether a stream has fallen silent, and how fast
// things move (paper, section 2.2). It is arithmetic on counters and a given now,
// so that it works the same in real and in virtual time; nothing in it is safe
// for concurrent use.
package qos
