// Package trace writes what happens in a virtual-time world to a file, reads it
// back, and finds where two runs part.
//
// A [Writer] is a sim.Watcher: it writes one record for everything that an
// algorithm is given (data, control messages, timers, the ends of links), for
// faults, and for nodes that end, and on request for everything that is sent. It
// keeps no trace in memory. Two runs are the same exactly if their traces are, byte
// for byte, and so if their hashes are.
//
// # The format, version 1
//
// "IOVTRACE", a byte for the version, and records until the end. Numbers are
// unsigned varints (encoding/binary); text is its length and its bytes. A record is
// its kind and its fields; times are nanoseconds since the record before.
//
//	1 about    key text, value text              what the trace is of; before all others
//	2 peer     ID text, name text                the next peer, from 1; 0 stands for nobody
//	3 message  time, node, last hop, sender, type, application, sequence number,
//	           payload bytes, xxHash64 of them (8 bytes, little-endian)
//	4 sent     time, node, to, application, messages, bytes
//	5 fault    time, text
//	6 warned   time, node, last hop, application, text
//	7 ended    time, node, text                  no text: it did not crash
//	8 end      records before it, SHA-256 of every byte before the sum itself
package trace
