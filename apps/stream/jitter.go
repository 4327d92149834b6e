package stream

import (
	"sort"
	"time"
)

// Limits of a jitter buffer.
const (
	// maxJump is how far the number of a message may be ahead of what is played: an hour of 20 Mbit/s. Beyond it is damage.
	maxJump = 1 << 23
	// maxMissing bounds the gaps that are remembered, to tell a late message from a second copy.
	maxMissing = 4096
	// transitWindow is for how long the fastest message sets the time of playing; that of the window before counts too. So a
	// way that has become longer for good, and clocks that drift apart, are followed within twice as long.
	transitWindow = 30 * time.Second
)

// Arrival is what became of a message that came to a jitter buffer.
type Arrival int

// What becomes of messages.
const (
	Buffered Arrival = iota
	Duplicate
	Late    // after its turn
	Damaged // its number is out of all reach
)

// Counts are of a jitter buffer, in messages. Played + Lost is how many numbers have had their turn, and Late are among Lost.
type Counts struct {
	Played    uint64 `json:"played"`
	Lost      uint64 `json:"lost"`      // were not there when their turn came
	Late      uint64 `json:"late"`      // of them, came afterwards
	Gaps      uint64 `json:"gaps"`      // rows of lost messages
	Duplicate uint64 `json:"duplicate"` // second copies
	Damaged   uint64 `json:"damaged"`   // numbers out of all reach
	Hurried   uint64 `json:"hurried"`   // of the played, before their time, for want of room
}

// Jitter puts messages in order and plays each at its time: its own, plus what the fastest message of late took on its
// way, plus Delay. It takes no clock: the time is told. Make it with NewJitter.
type Jitter struct {
	delay time.Duration
	max   int // messages that wait at most

	queue   []slot // by number
	next    uint64 // whose turn is next
	begun   bool   // something was played, or given up, and next is true
	transit [2]fastest
	missing []span // that had their turn and were not there, by number
	counts  Counts
}

// slot is a message that waits.
type slot struct {
	seq  uint64
	at   time.Duration // its own time
	data []byte
}

// span is of messages that are missing: from first, end not included.
type span struct{ first, end uint64 }

// fastest is the least time that a message took on its way, in a window that began at since.
type fastest struct {
	set   bool
	since time.Duration
	took  time.Duration
}

// NewJitter makes a buffer that delays by so much, 0 or more, and in which at most so many messages, 1 or more, wait.
func NewJitter(delay time.Duration, maxMessages int) *Jitter {
	return &Jitter{delay: max(delay, 0), max: max(maxMessages, 1)}
}

// Put takes message seq, of a time by its source's clock, that came now. It keeps data if it says Buffered.
func (j *Jitter) Put(now time.Duration, seq uint64, at time.Duration, data []byte) Arrival {
	switch {
	case j.begun && seq < j.next:
		return j.behind(seq)
	case j.begun && seq-j.next > maxJump, !j.begun && len(j.queue) > 0 && distance(seq, j.queue[0].seq) > maxJump:
		j.counts.Damaged++
		return Damaged
	}
	i := sort.Search(len(j.queue), func(i int) bool { return j.queue[i].seq >= seq })
	if i < len(j.queue) && j.queue[i].seq == seq {
		j.counts.Duplicate++
		return Duplicate
	}
	j.took(now, now-at)
	j.queue = append(j.queue, slot{})
	copy(j.queue[i+1:], j.queue[i:])
	j.queue[i] = slot{seq, at, data}
	return Buffered
}

// distance is how far two numbers are from each other.
func distance(a, b uint64) uint64 { return max(a, b) - min(a, b) }

// behind tells a late message from a second one.
func (j *Jitter) behind(seq uint64) Arrival {
	i := sort.Search(len(j.missing), func(i int) bool { return j.missing[i].end > seq })
	if i == len(j.missing) || j.missing[i].first > seq {
		j.counts.Duplicate++
		return Duplicate
	}
	s := j.missing[i]
	rest := make([]span, 0, 2)
	if s.first < seq {
		rest = append(rest, span{s.first, seq})
	}
	if seq+1 < s.end {
		rest = append(rest, span{seq + 1, s.end})
	}
	j.missing = append(j.missing[:i], append(rest, j.missing[i+1:]...)...)
	j.counts.Late++
	return Late
}

// took notes how long a message was on its way, by two clocks that need not agree.
func (j *Jitter) took(now, took time.Duration) {
	if w := &j.transit[0]; w.set && now-w.since >= transitWindow {
		j.transit[1], j.transit[0] = j.transit[0], fastest{}
		if now-j.transit[1].since >= 2*transitWindow { // nothing came for long
			j.transit[1] = fastest{}
		}
	}
	w := &j.transit[0]
	if !w.set {
		*w = fastest{true, now, took}
	}
	w.took = min(w.took, took)
}

// due is when a message is to be played.
func (j *Jitter) due(s *slot) time.Duration {
	took := j.transit[0].took
	if j.transit[1].set {
		took = min(took, j.transit[1].took)
	}
	return s.at + took + j.delay
}

// Due is when the next message is to be played, which may be past; false if none waits.
func (j *Jitter) Due() (time.Duration, bool) {
	if len(j.queue) == 0 {
		return 0, false
	}
	return j.due(&j.queue[0]), true
}

// Next takes the next message out if it is time, and says how many are lost right before it and when it was its own time. Call it
// until there is none.
func (j *Jitter) Next(now time.Duration) (seq uint64, at time.Duration, data []byte, lost uint64, ok bool) {
	if len(j.queue) == 0 {
		return 0, 0, nil, 0, false
	}
	head := j.queue[0]
	if now < j.due(&head) {
		if len(j.queue) <= j.max {
			return 0, 0, nil, 0, false
		}
		j.counts.Hurried++
	}
	j.queue[0].data = nil
	j.queue = j.queue[1:]
	if j.begun {
		lost = head.seq - j.next
		j.lose(head.seq)
	}
	j.begun, j.next = true, head.seq+1
	j.counts.Played++
	return head.seq, head.at, head.data, lost, true
}

// lose gives up all before seq.
func (j *Jitter) lose(seq uint64) {
	if seq <= j.next {
		return
	}
	j.counts.Lost += seq - j.next
	j.counts.Gaps++
	j.missing = append(j.missing, span{j.next, seq})
	if len(j.missing) > maxMissing {
		j.missing = append(j.missing[:0], j.missing[len(j.missing)-maxMissing:]...)
	}
	j.next = seq
}

// End says that there were seq messages in all: what has not come by now is lost. Messages that wait are to be taken first.
func (j *Jitter) End(seq uint64) {
	if j.begun && len(j.queue) == 0 && seq > j.next && seq-j.next <= maxJump {
		j.lose(seq)
	}
}

// Waiting is how many messages wait.
func (j *Jitter) Waiting() int { return len(j.queue) }

// Counts are what happened so far.
func (j *Jitter) Counts() Counts { return j.counts }

// Wants reports whether a message is neither here nor has been played.
func (j *Jitter) Wants(seq uint64) bool {
	if j.begun && seq < j.next {
		i := sort.Search(len(j.missing), func(i int) bool { return j.missing[i].end > seq })
		return i < len(j.missing) && j.missing[i].first <= seq
	}
	i := sort.Search(len(j.queue), func(i int) bool { return j.queue[i].seq >= seq })
	return i == len(j.queue) || j.queue[i].seq != seq
}
