package live

import (
	"sync"
	"sync/atomic"

	"github.com/ioverlay/ioverlay/record"
)

// queueLen is how many updates may wait to be kept: some seconds of them. When it is full the observer waits, which never
// lasts, since keeping waits for nobody.
const queueLen = 64

// store is what an observer has told. One goroutine writes it.
type store struct {
	in   chan *record.Update
	quit chan struct{}
	done chan struct{}
	once sync.Once

	mu     sync.RWMutex
	model  record.Model
	snap   *record.Update // of the model; nil: it has changed since
	subs   map[*subscription]struct{}
	past   history
	events eventRing
	places bool
	failed atomic.Uint64 // updates that could not be kept
}

func newStore(historyBytes int) *store {
	s := &store{
		in: make(chan *record.Update, queueLen), quit: make(chan struct{}), done: make(chan struct{}),
		subs: make(map[*subscription]struct{}),
	}
	s.past.most = historyBytes - historyBytes/8
	s.events.most = historyBytes / 8
	go s.run()
	return s
}

// tell takes an update. It is called by the observer, on its loop.
func (s *store) tell(u *record.Update) {
	select {
	case s.in <- u:
	case <-s.quit:
	}
}

func (s *store) run() {
	defer close(s.done)
	for {
		select {
		case u := <-s.in:
			s.keep(u)
		case <-s.quit:
			return
		}
	}
}

func (s *store) close() {
	s.once.Do(func() { close(s.quit) })
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.subs {
		sub.end()
	}
}

// keep applies an update and hands it on. The text is made outside of the lock.
func (s *store) keep(u *record.Update) {
	s.mu.Lock()
	if err := s.model.Apply(u); err != nil {
		s.failed.Add(1)
		s.mu.Unlock()
		return
	}
	s.snap = nil
	for i := range u.Events {
		s.events.add(&u.Events[i])
	}
	if !s.places {
		for i := range u.Nodes {
			if _, there := u.Nodes[i].Place.Lat.Get(); there {
				s.places = true
				break
			}
		}
	}
	for sub := range s.subs {
		sub.put(u)
	}
	begins := s.past.due()
	var full *record.Update
	if begins {
		full = s.snapshotLocked()
	}
	s.mu.Unlock()
	s.past.add(u, &s.mu)
	if begins {
		s.past.begin(full, &s.mu) // how everything stands after this update
	}
}

// snapshot is how everything stands.
func (s *store) snapshot() *record.Update {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshotLocked()
}

func (s *store) snapshotLocked() *record.Update {
	if s.snap == nil {
		u := s.model.Snapshot()
		s.snap = &u
	}
	return s.snap
}

func (s *store) meta() (nodes, links int, begin record.Time, places bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	nodes, links = s.model.Len()
	return nodes, links, s.past.first(), s.places
}

func (s *store) begin() record.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.past.first()
}

func (s *store) historyBytes() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.past.size + s.past.openBytes() + s.events.size
}

// eventRing is the newest events, as far as a bound on their bytes goes.
type eventRing struct {
	most int
	size int
	list []record.Event
	head int
}

// eventBytes is what an event takes beside its text.
const eventBytes = 96

func (r *eventRing) add(e *record.Event) {
	r.list = append(r.list, *e)
	r.size += eventBytes + len(e.Text) + len(e.By)
	for r.size > r.most && r.head < len(r.list) {
		old := &r.list[r.head]
		r.size -= eventBytes + len(old.Text) + len(old.By)
		*old = record.Event{}
		r.head++
	}
	if r.head > 1024 && r.head > len(r.list)/2 {
		// Into an array of its own: readers may have a view of the old one.
		r.list = append(make([]record.Event, 0, len(r.list)), r.list[r.head:]...)
		r.head = 0
	}
}
