package stream

// PacketLen is the length of a transport packet in bytes, which begins with syncByte.
const (
	PacketLen = 188
	syncByte  = 0x47
)

// confirm is how many packets in a row an Aligner wants to see before it believes to have found their borders: one byte in
// 256 is a sync byte by chance.
const confirm = 3

// wholePackets reports whether b is one or more transport packets.
func wholePackets(b []byte) bool {
	if len(b) == 0 || len(b)%PacketLen != 0 {
		return false
	}
	for at := 0; at < len(b); at += PacketLen {
		if b[at] != syncByte {
			return false
		}
	}
	return true
}

// Aligner finds the transport packets in a row of bytes. The zero value is ready.
type Aligner struct {
	buf    []byte
	locked bool   // the borders are known
	losses uint64 // times that they were lost
	junk   uint64 // bytes that belong to no packet
}

// Add takes more bytes, and calls emit with each row of whole packets. What emit is given is valid until it returns.
func (a *Aligner) Add(b []byte, emit func(packets []byte)) {
	a.buf = append(a.buf, b...)
	at := 0
	for {
		if !a.locked {
			skipped, found := borders(a.buf[at:])
			a.junk += uint64(skipped)
			at += skipped
			if !found {
				break
			}
			a.locked = true
		}
		end := at
		for len(a.buf)-end >= PacketLen && a.buf[end] == syncByte {
			end += PacketLen
		}
		if end > at {
			emit(a.buf[at:end])
			at = end
		}
		if len(a.buf)-at < PacketLen {
			break
		}
		a.locked = false // a packet does not begin where it should
		a.losses++
	}
	a.buf = a.buf[:copy(a.buf, a.buf[at:])]
}

// borders is how many bytes precede the first of some packets in a row. If it is not found there may be one behind the
// bytes, as soon as more come.
func borders(b []byte) (skip int, found bool) {
	for at := range b {
		n := 0
		for n < confirm && at+n*PacketLen < len(b) && b[at+n*PacketLen] == syncByte {
			n++
		}
		switch {
		case n == confirm:
			return at, true
		case at+n*PacketLen >= len(b):
			return at, false // all that there is fits
		}
	}
	return len(b), false
}

// Flush forgets what is left, which is no whole packet, when the input has ended or begins anew. Packets that are too few to be
// sure of are handed on all the same if nothing but them is left.
func (a *Aligner) Flush(emit func(packets []byte)) {
	if whole := len(a.buf) / PacketLen * PacketLen; wholePackets(a.buf[:whole]) {
		emit(a.buf[:whole])
		a.junk += uint64(len(a.buf) - whole)
	} else {
		a.junk += uint64(len(a.buf))
	}
	a.buf, a.locked = a.buf[:0], false
}

// Junk is how many bytes belonged to no packet, and Losses how often the borders were lost.
func (a *Aligner) Junk() uint64 { return a.junk }

// Losses is how often a packet did not begin where it should.
func (a *Aligner) Losses() uint64 { return a.losses }

// pids is how many packet identifiers there are; those of nullPID carry nothing.
const (
	pids    = 1 << 13
	nullPID = pids - 1
)

// pidOf is a packet's identifier, and begins whether a unit (a picture, a table) begins in it.
func pidOf(packet []byte) (pid int, begins bool) {
	return int(packet[1]&0x1f)<<8 | int(packet[2]), packet[1]&0x40 != 0
}

// Resumer takes out of a stream what no decoder can use after a gap: packets of a unit of which the beginning is missing. The
// zero value passes all on, until Gap.
type Resumer struct {
	since   uint32       // the last gap, by its number
	seen    [pids]uint32 // the last gap after which a unit of this identifier has begun
	skipped uint64
}

// Gap says that something is missing before what comes next.
func (r *Resumer) Gap() { r.since++ }

// Filter removes from packets, in place, those that cannot be used, and returns what is left.
func (r *Resumer) Filter(packets []byte) []byte {
	if r.since == 0 {
		return packets
	}
	left := packets[:0]
	for at := 0; at+PacketLen <= len(packets); at += PacketLen {
		p := packets[at : at+PacketLen]
		pid, begins := pidOf(p)
		if begins || pid == nullPID {
			r.seen[pid] = r.since
		}
		if r.seen[pid] != r.since {
			r.skipped++
			continue
		}
		left = append(left, p...)
	}
	return left
}

// Skipped is how many packets were taken out.
func (r *Resumer) Skipped() uint64 { return r.skipped }
