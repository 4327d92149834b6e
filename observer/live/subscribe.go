package live

import (
	"context"
	"errors"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/record"
)

// maxWaiting is how many updates wait for one that follows: some seconds of them. They are shared with the others, so
// what a slow one keeps is what all slow ones keep.
const maxWaiting = 32

var errEnded = errors.New("observer: it has ended")

// subscription is one that follows. Its fields belong to the store's lock.
type subscription struct {
	s       *store
	queue   []*record.Update
	afresh  bool // the next is how everything stands
	begun   bool // it has had one
	dropped int
	ended   bool
	wake    chan struct{} // has room for one
}

// Subscribe implements api.Live.
func (l *Live) Subscribe() api.Subscription {
	s := l.store
	sub := &subscription{s: s, afresh: true, wake: make(chan struct{}, 1)}
	sub.ring()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs[sub] = struct{}{}
	return sub
}

// put hands an update on, or, if too many wait, none of them: how everything stands will be shorter.
func (sub *subscription) put(u *record.Update) {
	switch {
	case sub.afresh:
		sub.dropped++ // it is in how everything stands
	case len(sub.queue) >= maxWaiting:
		sub.dropped += len(sub.queue) + 1
		sub.queue, sub.afresh = nil, true
	default:
		sub.queue = append(sub.queue, u)
	}
	sub.ring()
}

func (sub *subscription) ring() {
	select {
	case sub.wake <- struct{}{}:
	default:
	}
}

func (sub *subscription) end() {
	sub.ended = true
	sub.ring()
}

// Next implements api.Subscription.
func (sub *subscription) Next(ctx context.Context) (u *record.Update, dropped int, err error) {
	for {
		u, dropped, ended := sub.take()
		switch {
		case u != nil:
			return u, dropped, nil
		case ended:
			return nil, 0, errEnded
		}
		select {
		case <-sub.wake:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

// take is what comes next; nil if there is nothing yet.
func (sub *subscription) take() (u *record.Update, dropped int, ended bool) {
	sub.s.mu.Lock()
	defer sub.s.mu.Unlock()
	switch {
	case sub.afresh:
		if sub.begun { // else what came before the first look was not missed
			dropped = sub.dropped
		}
		sub.begun, sub.afresh, sub.dropped = true, false, 0
		return sub.s.snapshotLocked(), dropped, false
	case len(sub.queue) > 0:
		u = sub.queue[0]
		sub.queue[0] = nil
		sub.queue = sub.queue[1:]
	}
	return u, 0, sub.ended
}

// Close implements api.Subscription.
func (sub *subscription) Close() {
	sub.s.mu.Lock()
	defer sub.s.mu.Unlock()
	delete(sub.s.subs, sub)
	sub.queue = nil
}
