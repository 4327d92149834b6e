package core

// sendQueue is a row of runs that a transport takes from its head: by bytes, if it
// writes them, or by runs, if it moves references.
type sendQueue struct {
	runQueue
	cut uint32 // bytes of the first run that were written already
}

// iovecs appends the bytes, in order and at most most pieces of them, to dst.
func (q *sendQueue) iovecs(dst [][]byte, most int) [][]byte {
	for i := 0; i < q.len() && len(dst) < most; i++ {
		b := q.at(i).Bytes()
		if i == 0 {
			b = b[q.cut:]
		}
		dst = append(dst, b)
	}
	return dst
}

// wrote drops the first n bytes, and returns how many messages ended in them.
func (q *sendQueue) wrote(n int) (msgs int) {
	for n > 0 {
		r := q.at(0)
		left := int(r.Len - q.cut)
		if n < left {
			q.cut += uint32(n)
			break
		}
		n -= left
		q.cut = 0
		msgs += int(r.Msgs)
		r.Slab.Release()
		q.pop()
	}
	return msgs
}

// join appends a run and makes it one with the last if they touch, so that a burst
// that was taken apart leaves as one piece again.
func (q *sendQueue) join(r Run, most Tally) {
	if q.n == 0 || !q.tail().extend(r, most) {
		q.push(r)
	}
}

// extend makes a run that touches the end of another one with it, and reports whether it
// did. It does not if there would be more in it than a bound: transports in memory take
// whole runs.
func (r *Run) extend(next Run, most Tally) bool {
	if r.Slab != next.Slab || r.end() != next.Off ||
		uint64(r.Len+next.Len) > most.Bytes || uint64(r.Msgs+next.Msgs) > most.Msgs {
		return false
	}
	r.Len += next.Len
	r.Msgs += next.Msgs
	next.Slab.Release() // one reference a run
	return true
}

// split takes the first bytes off the queue, which are whole messages of its first
// run.
func (q *sendQueue) split(bytes, msgs uint32) Run {
	r := q.at(0)
	if bytes == r.Len {
		return q.pop()
	}
	head := Run{Slab: r.Slab, Off: r.Off, Len: bytes, Msgs: msgs}
	head.Slab.Retain()
	r.Off += bytes
	r.Len -= bytes
	r.Msgs -= msgs
	return head
}
