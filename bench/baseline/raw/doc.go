// Package raw is the yardstick of the chain benchmark: a relay on the poller that the engine also uses, which moves
// blocks of bytes and knows nothing of messages. It has the engine's levers: blocks and socket buffers of the engine's sizes
// (bench sets them), and a write is followed by a read at its other end before the poller is asked. So what the engine
// loses against it is the price of switching messages. A user-space relay that copies with one read and one write a hop
// can hardly be cheaper; one that does not copy (splice) or makes both in one trip (io_uring) can.
//
// Its source sends one prefilled block again and again. The frames in it look like test messages, but nobody
// rewrites their sequence numbers: this is a limit, not a messenger. What is checked is that as many bytes arrive
// as were sent. Only in the paced pass do source and sink deal in frames, with sequence numbers and time stamps;
// the relays between them still move blocks.
//
// How it works, in the order in which the bytes meet it:
//
//  1. The source writes one block, and only in a turn of its loop in which nothing else was ready, or when the block
//     before has reached the sink in the same turn. The chain then carries one block that stays in the CPU's cache, not
//     one a node (source.go).
//  2. A relay reads at most one block into the slab that all links of its loop share and writes it on at once; the
//     poller is level-triggered, so what stayed in the socket comes with the next turn (relay.go).
//  3. What was written is read at the other end next, if that is on the same loop (loop.go, follow).
//  4. What the kernel did not take waits in a block of the relay's own, and the relay is not read until it is out.
//  5. The sink counts (sink.go).
package raw
