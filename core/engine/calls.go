package engine

import (
	"golang.org/x/sys/unix"
)

// Calls counts the trips to the kernel that the data path of an engine makes, since the engine began. What connections
// need to be set up, measured and closed is not in it, nor are the kicks of links through shared memory, which carry no data.
type Calls struct {
	Reads      uint64 // reads of links that brought bytes
	ReadBytes  uint64 // what they brought, in bytes
	EmptyReads uint64 // reads of links that found nothing, or a connection that has ended

	Writes     uint64 // writes of one piece (write) of which the kernel took something
	Writevs    uint64 // writes of several pieces (writev), likewise
	WriteBytes uint64 // what the kernel took of both, in bytes
	FullWrites uint64 // writes of either kind that found no room, or a connection that has ended

	// Events is how often the poller reported a descriptor: links, listeners, wake-ups and timers. The poller's own, by
	// which functions are handed to a loop, is not told.
	Events uint64
	// Polls is how many polls (epoll_wait, kevent) the loops can tell apart by their events, and so at least how many there
	// were: a poll reports a descriptor once, so one that is reported again tells of another poll. It misses polls that
	// found nothing, of which there is one each time that a loop falls asleep. With a source that is always willing, whose
	// loop is reported a descriptor in each poll, nothing else is missed.
	Polls uint64
	// Watches is how often a link changed what the poller watches it for (epoll_ctl).
	Watches uint64
	// Wakes is how often a loop took note of having been woken for work that no socket announces. Each is one read
	// and, before it, one write.
	Wakes uint64
}

// Minus returns what was counted after an earlier count.
func (c Calls) Minus(earlier Calls) Calls {
	return Calls{
		Reads: c.Reads - earlier.Reads, ReadBytes: c.ReadBytes - earlier.ReadBytes, EmptyReads: c.EmptyReads - earlier.EmptyReads,
		Writes: c.Writes - earlier.Writes, Writevs: c.Writevs - earlier.Writevs,
		WriteBytes: c.WriteBytes - earlier.WriteBytes, FullWrites: c.FullWrites - earlier.FullWrites,
		Events: c.Events - earlier.Events, Polls: c.Polls - earlier.Polls,
		Watches: c.Watches - earlier.Watches, Wakes: c.Wakes - earlier.Wakes,
	}
}

func (c *Calls) add(o Calls) {
	c.Reads += o.Reads
	c.ReadBytes += o.ReadBytes
	c.EmptyReads += o.EmptyReads
	c.Writes += o.Writes
	c.Writevs += o.Writevs
	c.WriteBytes += o.WriteBytes
	c.FullWrites += o.FullWrites
	c.Events += o.Events
	c.Polls += o.Polls
	c.Watches += o.Watches
	c.Wakes += o.Wakes
}

// Calls asks every loop what it has counted and returns the sum. The loops answer one after another, so the counts are
// of slightly different times. The error is ErrClosed if the engine has been stopped. It must not be called by an algorithm:
// its loop would wait for itself.
func (e *Engine) Calls() (Calls, error) {
	var sum Calls
	for _, lp := range e.loops {
		var one Calls
		if err := lp.do(func() { one = lp.calls.Calls }); err != nil {
			return Calls{}, err
		}
		sum.add(one)
	}
	return sum, nil
}

// callCount is what a loop counts. It belongs to the loop, so counting is an addition.
type callCount struct {
	Calls
	polled []uint64 // by descriptor: the poll that reported it last
}

// event counts what the poller has reported.
func (c *callCount) event(fd int) {
	c.Events++
	for fd >= len(c.polled) {
		c.polled = append(c.polled, 0)
	}
	if c.Polls == 0 || c.polled[fd] == c.Polls {
		c.Polls++
	}
	c.polled[fd] = c.Polls
}

// read reads from a link.
func (lp *loop) read(fd int, p []byte) (int, unix.Errno) {
	n, e := sysRead(fd, p)
	if e != 0 || n == 0 {
		lp.calls.EmptyReads++
		return n, e
	}
	lp.calls.Reads++
	lp.calls.ReadBytes += uint64(n)
	return n, e
}

// write writes one piece to a link.
func (lp *loop) write(fd int, p []byte) (int, unix.Errno) {
	n, e := sysWrite(fd, p)
	if lp.wrote(n, e) {
		lp.calls.Writes++
	}
	return n, e
}

// writev writes several pieces to a link.
func (lp *loop) writev(fd int, ps [][]byte) (int, unix.Errno) {
	n, e := sysWritev(fd, ps)
	if lp.wrote(n, e) {
		lp.calls.Writevs++
	}
	return n, e
}

// wrote counts what came of a write, and reports whether the kernel took something.
func (lp *loop) wrote(n int, e unix.Errno) bool {
	if e != 0 {
		lp.calls.FullWrites++
		return false
	}
	lp.calls.WriteBytes += uint64(n)
	return true
}
