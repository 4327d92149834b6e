// Package localtcp tunes TCP connections that do not leave the host. Between two sockets of one host there is no network that
// could be congested, so what probes and paces for one only costs: under BBR, the default of many systems, a
// connection that leads to another core is held back by timers, and two cores carry half of what they could.
package localtcp

// Algorithm is the congestion control of such connections: it only counts, never paces, and is there on every Linux,
// for every user (tcp(7), TCP_CONGESTION).
const Algorithm = "reno"
