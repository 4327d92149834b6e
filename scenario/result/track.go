package result

import "encoding/binary"

// track is the counts of one application, or of all, over time: a few bytes for each
// sample at which something had changed, by how much.
type track struct {
	now   Counts // counted until now
	told  Counts // of it, what code says
	code  []byte // for each point: samples since the one before, which counters, by how much
	last  int32  // sample of the last point
	dirty bool   // now and told differ
	look  *look  // where it was read last
}

// look is a place in a track's code, and what held there: reading in order of time goes
// on from it.
type look struct {
	at     int   // in code
	sample int32 // of the last point before at; -1 if there is none
	Counts
}

// fields are the counters, in the order of their bits.
func (c *Counts) fields() [7]*uint64 {
	return [...]*uint64{&c.Sent, &c.Msgs, &c.Bytes, &c.Payload, &c.Distinct, &c.Broken, &c.Due}
}

// mark writes what has changed until a sample.
func (t *track) mark(sample int32) {
	t.code = binary.AppendUvarint(t.code, uint64(sample-t.last))
	maskAt := len(t.code)
	t.code = append(t.code, 0)
	told := t.told.fields()
	for i, now := range t.now.fields() {
		if more := *now - *told[i]; more > 0 {
			t.code[maskAt] |= 1 << i
			t.code = binary.AppendUvarint(t.code, more)
			*told[i] = *now
		}
	}
	t.last, t.dirty = sample, false
}

// at is what held at a sample.
func (t *track) at(sample int) Counts {
	if t.look == nil {
		t.look = &look{sample: -1}
	}
	if int(t.look.sample) > sample {
		*t.look = look{sample: -1}
	}
	for l := t.look; l.at < len(t.code); {
		after, n := binary.Uvarint(t.code[l.at:])
		next := int32(after) + max(l.sample, 0) // the first is from sample 0
		if int(next) > sample {
			break
		}
		at := l.at + n
		mask := t.code[at]
		at++
		for i, c := range l.fields() {
			if mask&(1<<i) != 0 {
				more, n := binary.Uvarint(t.code[at:])
				*c += more
				at += n
			}
		}
		l.at, l.sample = at, next
	}
	return t.look.Counts
}

// clone is a track that goes on by itself.
func (t *track) clone() *track {
	c := *t
	c.code, c.look = append([]byte(nil), t.code...), nil
	return &c
}
