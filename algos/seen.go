package algos

// seenSet remembers fingerprints in two generations. When the young one is full
// it becomes the old one, and the old one is forgotten.
type seenSet struct{ young, old fingerprints }

func (s *seenSet) mark(key uint64, level uint8) (before uint8) {
	young, old := s.young.level(key), s.old.level(key)
	before = max(young, old)
	if level <= before && young == before {
		return before
	}
	if s.young.n >= SeenAtLeast {
		s.old.clear()
		s.young, s.old = s.old, s.young
	}
	s.young.set(key, max(level, before))
	return before
}

// fingerprints is a table from fingerprints to levels: open addressing, linear probing,
// at most half full. Every message of a flood asks it, in a large world with its lines
// out of the cache, so an entry is one word: a look-up is one miss where Go's map, which
// this was, has four.
type fingerprints struct {
	slots []uint64 // length is 0 or a power of two; an entry is 56 bits of the fingerprint and the level; 0: empty
	n     int
}

const levelBits = 8

// find is the slot of a fingerprint: where it is, or an empty one where it would be.
// There must be slots.
func (t *fingerprints) find(key uint64) *uint64 {
	const golden = 0x9e3779b97f4a7c15 // multiplicative hashing: of keys that are near each other, too
	key = key << levelBits >> levelBits
	mask := uint64(len(t.slots) - 1)
	for i := (key * golden) >> 32 & mask; ; i = (i + 1) & mask {
		if e := &t.slots[i]; *e == 0 || *e>>levelBits == key {
			return e
		}
	}
}

// level is that of a fingerprint; 0 if it is not there.
func (t *fingerprints) level(key uint64) uint8 {
	if t.n == 0 {
		return 0
	}
	return uint8(*t.find(key))
}

// set gives a fingerprint a level, from 1.
func (t *fingerprints) set(key uint64, level uint8) {
	if 2*(t.n+1) > len(t.slots) {
		t.grow()
	}
	e := t.find(key)
	if *e == 0 {
		t.n++
	}
	*e = key<<levelBits | uint64(level)
}

func (t *fingerprints) grow() {
	const least = 16
	slots := t.slots
	t.slots = make([]uint64, max(least, 2*len(slots)))
	for _, e := range slots {
		if e != 0 {
			*t.find(e >> levelBits) = e
		}
	}
}

func (t *fingerprints) clear() {
	clear(t.slots)
	t.n = 0
}
