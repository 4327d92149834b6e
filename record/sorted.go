package record

import "slices"

// sorted is things by keys, shown in the order of the keys. It is sorted when it is shown after a new key, so adding
// many costs one sort.
type sorted[K interface {
	comparable
	Compare(K) int
}, V any] struct {
	of    map[K]*V
	order []K
	dirty bool // order has new keys at its end, or keys that are gone
}

func (s *sorted[K, V]) len() int { return len(s.of) }

func (s *sorted[K, V]) get(k K) *V { return s.of[k] }

func (s *sorted[K, V]) add(k K, v *V) *V {
	if s.of == nil {
		s.of = make(map[K]*V)
	}
	s.of[k] = v
	s.order = append(s.order, k)
	s.dirty = true
	return v
}

func (s *sorted[K, V]) remove(k K) {
	if _, ok := s.of[k]; ok {
		delete(s.of, k)
		s.dirty = true
		if len(s.order) > 2*len(s.of)+64 { // so that keys that come and go take no more than those that stay
			s.tidy()
		}
	}
}

func (s *sorted[K, V]) tidy() {
	if !s.dirty {
		return
	}
	s.dirty = false
	slices.SortFunc(s.order, K.Compare)
	s.order = slices.Compact(s.order) // one that went and came again is there twice
	s.order = slices.DeleteFunc(s.order, func(k K) bool { return s.of[k] == nil })
}

func (s *sorted[K, V]) each(yield func(*V) bool) {
	s.tidy()
	for _, k := range s.order {
		if !yield(s.of[k]) {
			return
		}
	}
}
