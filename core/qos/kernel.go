package qos

import "time"

// Kernel is what the system below a lane knows of its connection at one moment.
// Where a system does not tell, a field is zero. Nothing here comes from probes
// of ours: it is TCP's own bookkeeping.
type Kernel struct {
	Acked      uint64        // bytes of frames that the peer's system has acknowledged
	Unacked    uint64        // bytes of frames that it has not, sent or not
	Unanswered bool          // something was sent again, or a closed window probed, and no answer has come yet
	SinceAck   time.Duration // since the last acknowledgement of any kind
	RTT        time.Duration // smoothed round-trip time
	RTTVar     time.Duration // its mean deviation
	Retrans    uint64        // segments sent again since the connection began
	Rate       uint64        // most recent delivery rate, bytes a second
}

// Patience judges whether the peer of a connection is gone. Silence proves
// nothing, and neither does a peer that takes no more data: its system answers
// probes of the closed window. Gone is who answers neither data that is sent
// again nor probes. The zero value is ready.
type Patience struct {
	began    bool
	answered time.Duration // when it last was not in doubt
	looked   time.Duration
	acked    uint64
}

// Begin says that the peer owes nothing until now: nobody has looked for a while, since nothing was
// outstanding.
func (p *Patience) Begin(now time.Duration) { p.answered, p.looked = now, now }

// Look takes note of what the kernel says now and returns for how long the peer
// has owed an answer.
func (p *Patience) Look(now time.Duration, k Kernel) time.Duration {
	sinceLook := now - p.looked
	heard := k.Acked != p.acked || k.SinceAck < sinceLook
	if !p.began || k.Unacked == 0 || !k.Unanswered || heard {
		p.began, p.answered = true, now
	}
	p.looked, p.acked = now, k.Acked
	return now - p.answered
}
