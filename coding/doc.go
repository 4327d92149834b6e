// Package coding is linear network coding over GF(2^8): fixed codes, random linear codes by generations, and sliding
// windows for streams. It works on packets in the caller's buffers, and is pure: the same calls do the same everywhere,
// and nothing is random but what a seed gives. docs/coding.md specifies the packets byte by byte.
//
// # Generations
//
// A source cuts what it sends into generations of 2 to 256 packets of one size, of which the last may be shorter. Any
// sum of packets with factors is a coded packet, and any K of them that are innovative, which nearly all are, give the
// generation back. So nobody needs to know which packets got lost: one more of any kind replaces any.
//
//	g := coding.Generation{K: len(packets), Size: 1200, Last: len(packets[len(packets)-1])}
//
//	var enc coding.Encoder                   // the source
//	err := enc.Reset(g, packets)             // keeps the slices, copies nothing
//	n, err := enc.Next(buf)                  // buf has enc.Len() bytes: first the packets as they are,
//	send(buf[:n])                            // then coded ones, for as long as receivers need some
//
//	var rec coding.Recoder                   // a relay
//	err := rec.Reset(p.Generation)           // of the first packet: p, err := coding.Parse(b)
//	result, err := rec.Add(b)                // Innovative: keep b's message; Redundant: drop it
//	n, err := rec.Recode(buf)                // buf has p.VectorLen() bytes: a new packet of those at hand
//
//	var dec coding.Decoder                   // a receiver
//	err := dec.Reset(p.Generation)
//	result, err := dec.Add(b)
//	if dec.Complete() {
//		err := dec.Decode(bufs)          // bufs[i] for each packet i that did not come as it is
//		for i := range p.K {
//			deliver(dec.Packet(i))
//		}
//	}
//
// The example of the package is this loop with a network that loses packets. [Encoder.Coded] from the start makes a
// dense code in place of a systematic one, [Code] chooses sparse and band codes, [Encoder.Combine] takes coefficients
// that somebody else chose, such as the paper's a+b, and [Matrix] has the algebra for that. CodedAll and RecodeAll make
// several packets for less than one by one.
//
// [Decoder] leaves payloads alone until the generation is complete, and then computes each missing packet once.
// [Progressive] works on each packet as it comes: more work in all, less at the end, and packets at the front are
// ready early. Both look at coefficients first, and never at the payload of a redundant packet.
//
// # Messages and buffers
//
// Coders read source packets from, and write coded packets to, slices of the caller's, so that an algorithm can use the
// payload of messages on both sides. What a coder keeps must stay as it is, and its message held or retained, as long
// as its documentation says: for an Encoder all source packets, for a Recoder and a Decoder the packets that Add called
// Innovative, for Progressive and WindowDecoder none.
//
//	func (r *Relay) Process(m *core.Msg) core.Verdict {
//		result, err := r.rec.Add(m.Payload())
//		if err != nil || result == coding.Redundant {
//			return core.Done
//		}
//		out := r.NewMsg(m.Type(), m.App(), r.rec.Generation().VectorLen())
//		if _, err := r.rec.Recode(out.Payload()); err == nil {
//			r.Send(out, r.next)
//		}
//		return core.Hold // until the generation is over; then Release
//	}
//
// [Generation.PutSource] writes a source packet's header in front of data that is there already.
//
// Nothing allocates in steady state: Reset reuses what the coder has.
//
// # Windows
//
// A stream that cannot wait for a generation's end uses [WindowEncoder] and [WindowDecoder]: a coded packet is a sum of
// all packets that the receiver has not confirmed, the receiver delivers in order as soon as it can, and its feedback
// moves the window.
//
// # Bad packets
//
// Whatever bytes arrive, coders return an error and go on as if they had not come. Packets that are well formed but
// lie are another matter: one poisoned packet spoils a generation. A source can announce [Digests] of its packets;
// [Decoder.Verify] then tells what is wrong, and [Decoder.Diagnose] who did it, as far as redundant packets were kept.
//
// No type here is safe for concurrent use unless it is only read.
package coding
