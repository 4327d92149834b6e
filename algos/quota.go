package algos

// Quota bounds what a node has open for others, who may ask as often as they like: all of it together, and that of each. Set Most and Each
// before it is used.
type Quota[K comparable] struct {
	Most, Each int // of all, and of one, from 1

	all int
	of  map[K]int // those who have some
}

// Take opens one more for somebody, and reports whether it did: there was room. Whoever has taken gives back.
func (q *Quota[K]) Take(who K) bool {
	if q.all >= q.Most || q.of[who] >= q.Each {
		return false
	}
	if q.of == nil {
		q.of = make(map[K]int)
	}
	q.all++
	q.of[who]++
	return true
}

// Give closes one that somebody has taken.
func (q *Quota[K]) Give(who K) {
	q.all--
	if q.of[who]--; q.of[who] == 0 {
		delete(q.of, who)
	}
}

// Open is how many are open, of all together.
func (q *Quota[K]) Open() int { return q.all }
