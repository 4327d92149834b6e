// Package wire is version 1 of iOverlay's wire format: the 24-byte header, node identifiers, the hello
// that opens a connection, and the reassembly of a byte stream into frames where the bytes lie.
//
// The normative text is docs/wire.md, with test vectors in docs/wire-vectors.json that this package's own
// tests read. The format comes from section 2.2 of the iOverlay paper (Li, Guo, Wang, Middleware 2004).
//
// A frame is a header and its payload in one piece of memory, and a []byte stands for it everywhere: the
// accessors (TypeOf, App, Seq, Sender, Payload) read fields in place and cost a load each. They expect a
// whole frame. What comes from a peer is first shown to Peek (the hot path) or ParseHeader, which accept
// any bytes and answer with an error.
//
// Nothing here reads a clock, opens a socket, starts a goroutine or logs.
package wire
