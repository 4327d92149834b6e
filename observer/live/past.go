package live

import (
	"context"
	"fmt"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/record"
)

func (s *store) pieces() []piece {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.past.view()
}

// Snapshot implements api.Source.
func (l *Live) Snapshot(ctx context.Context, at record.Time) (*record.Update, error) {
	pieces := l.store.pieces()
	if len(pieces) == 0 || at >= pieces[len(pieces)-1].to {
		return l.store.snapshot(), nil
	}
	if at < pieces[0].from {
		if pieces[0].from > 0 && at < 0 || !l.store.all(pieces) {
			return nil, fmt.Errorf("%w: %.3f s is before %.3f s, where the history begins", api.ErrNoHistory, at.Seconds(), pieces[0].from.Seconds())
		}
		return &record.Update{T: max(at, 0), Full: true}, nil // before anything was told
	}
	i := len(pieces) - 1
	for pieces[i].from > at {
		i--
	}
	var m record.Model
	u, err := pieces[i].beginning()
	if err != nil {
		return nil, err
	}
	if err := m.Apply(u); err != nil {
		return nil, err
	}
	var bad error
	_, err = pieces[i].each(func(u *record.Update) bool {
		if u.T > at || ctx.Err() != nil {
			return false
		}
		bad = m.Apply(u)
		return bad == nil
	})
	if err == nil {
		err = bad
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	full := m.Snapshot()
	full.T = max(full.T, at) // nothing changed until then
	return &full, nil
}

// all reports whether nothing of what was has been forgotten.
func (s *store) all(pieces []piece) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.past.whole && len(pieces) > 0
}

// Updates implements api.Source. If the history begins within the interval, the first is full.
func (l *Live) Updates(ctx context.Context, from, to record.Time, fn func(*record.Update) bool) error {
	for i, p := range l.store.pieces() {
		if p.to <= from || p.from > to {
			continue
		}
		if p.from > from && i == 0 {
			u, err := p.beginning()
			if err != nil {
				return err
			}
			if !fn(u) {
				return nil
			}
		}
		more, err := p.each(func(u *record.Update) bool {
			switch {
			case u.T <= from:
				return true
			case u.T > to || ctx.Err() != nil:
				return false
			}
			return fn(u)
		})
		if err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

// Events implements api.Source.
func (l *Live) Events(_ context.Context, from, to record.Time, fn func(*record.Event) bool) error {
	s := l.store
	s.mu.RLock()
	// A copy: the ring clears what it forgets.
	events := append([]record.Event(nil), s.events.list[s.events.head:]...)
	s.mu.RUnlock()
	for i := range events {
		if e := &events[i]; e.T >= from && e.T <= to && !fn(e) {
			break
		}
	}
	return nil
}

// States implements api.Source.
func (l *Live) States(ctx context.Context, from, to record.Time, fn func(*record.State) bool) error {
	return l.Updates(ctx, from-1, to, func(u *record.Update) bool {
		for i := range u.States {
			if st := &u.States[i]; st.T >= from && st.T <= to && !(u.Full && st.T < u.T) && !fn(st) {
				return false
			}
		}
		return true
	})
}

// Series implements api.Source.
func (l *Live) Series(ctx context.Context, q api.SeriesQuery) (api.Series, error) {
	g := api.NewGatherer(q)
	pieces := l.store.pieces()
	for i := len(pieces) - 1; i >= 0; i-- {
		if pieces[i].from <= q.From { // what it was when the interval began
			u, err := pieces[i].beginning()
			if err != nil {
				return api.Series{}, err
			}
			g.Add(u)
			if _, err := pieces[i].each(func(u *record.Update) bool { return u.T <= q.From && g.Add(u) }); err != nil {
				return api.Series{}, err
			}
			break
		}
	}
	if err := l.Updates(ctx, q.From, q.To, g.Add); err != nil {
		return api.Series{}, err
	}
	return g.Series(min(q.To, l.now())), nil
}
