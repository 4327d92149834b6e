// Package raw is the yardstick of the chain benchmark: a relay on the poller that the engine also uses, which moves
// blocks of bytes and knows nothing of messages. No user-space relay over TCP can be much cheaper, so what the
// engine loses against it is the price of switching messages.
//
// Its source sends one prefilled block again and again. The frames in it look like test messages, but nobody
// rewrites their sequence numbers: this is a limit, not a messenger. What is checked is that as many bytes arrive
// as were sent. Only in the paced pass do source and sink deal in frames, with sequence numbers and time stamps;
// the relays between them still move blocks.
//
// How it works, in the order in which the bytes meet it:
//
//  1. The source writes one block, and only in a turn of its loop in which nothing else was ready. The chain then
//     carries one block that stays in the CPU's cache, not one a node (source.go).
//  2. A relay reads at most one block into the slab that all links of its loop share and writes it on at once; the
//     poller is level-triggered, so what stayed in the socket comes with the next turn (relay.go).
//  3. What the kernel did not take waits in a block of the relay's own, and the relay is not read until it is out.
//  4. The sink counts (sink.go).
package raw
