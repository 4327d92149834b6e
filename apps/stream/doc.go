// Package stream carries live media, as an MPEG transport stream (MPEG-TS, ISO/IEC 13818-1), from one node to many, over
// whatever algorithm passes data on: the paper's real-time streaming multicast (section 4) as a pair of applications.
//
//	bytes ─▶ Aligner ─▶ Source ─▶ the overlay ─▶ Sink: Receiver (repair) ─▶ Jitter ─▶ Resumer ─▶ bytes
//
// A [Source] cuts what it is given into whole transport packets, gives each message a [Header] with a number and the time at
// which its bytes came, and, if asked to, adds repair messages of the sliding-window code of package coding. A [Sink] plays each
// message a stated delay after the earliest that it could have come ([Jitter]), in order, each once. What does not come in time
// is lost and what comes after its turn is late; both are counted. After a gap, every elementary stream resumes where a unit of it
// begins ([Resumer]), so that a decoder gets no second half of a picture. [Beside] puts a sink beside any algorithm.
//
// Nothing here reads a clock or does input and output: that is in package endpoint below, and in the command "ioverlay stream". So a
// stream of [Synthetic] packets behaves in virtual time as it does live. docs/streaming.md has the header, the counters and the limits.
package stream
