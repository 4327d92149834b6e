package recording

import (
	"sort"

	"github.com/ioverlay/ioverlay/record"
)

// Span is the time that a recording spans: until its end, or as far as anything is known.
func (r *Reader) Span() (begin, end record.Time) {
	end = r.end.Ended
	if n := len(r.blocks); n > 0 {
		end = max(end, r.blocks[n-1].End)
	}
	return 0, end
}

// Block is the block in which a time is, the last that begins not after it; -1 before the first.
func (r *Reader) Block(at record.Time) int {
	return sort.Search(len(r.blocks), func(i int) bool { return r.blocks[i].Begin > at }) - 1
}

// Content is what is in a block: how things stood when it began, as a full update, and its updates in order. Events are
// added by AddEvents: they may be many, and do not change how things stand.
func (r *Reader) Content(block int) (base *record.Update, updates []record.Update, err error) {
	c, err := r.load(block)
	if err != nil {
		return nil, nil, err
	}
	if base, err = c.base(); err != nil {
		return nil, nil, err
	}
	updates, err = c.updates()
	return base, updates, err
}

// AddEvents adds the events to the updates of a block.
func (r *Reader) AddEvents(block int, updates []record.Update) error {
	c, err := r.load(block)
	if err != nil {
		return err
	}
	return c.addEvents(updates)
}

// At is how things stood at a time: after all updates that are not later.
func (r *Reader) At(at record.Time) (*record.Model, error) {
	m := new(record.Model)
	i := r.Block(at)
	if i < 0 {
		err := m.Apply(&record.Update{T: min(max(at, 0), record.MaxTime)})
		return m, err
	}
	base, updates, err := r.Content(i)
	if err != nil {
		return nil, err
	}
	if err := m.Apply(base); err != nil {
		return nil, err
	}
	for i := range updates {
		if updates[i].T > at {
			break
		}
		if err := m.Apply(&updates[i]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Updates shows the updates after one time and not after another, in order, until yield returns false. They are the
// caller's.
func (r *Reader) Updates(after, until record.Time, yield func(*record.Update) bool) error {
	for i := max(r.Block(after), 0); i < len(r.blocks) && r.blocks[i].Begin <= until; i++ {
		if r.blocks[i].End <= after {
			continue
		}
		c, err := r.load(i)
		if err != nil {
			return err
		}
		updates, err := c.updates()
		if err == nil {
			err = c.addEvents(updates)
		}
		if err != nil {
			return err
		}
		for k := range updates {
			if u := &updates[k]; u.T > after && u.T <= until && !yield(u) {
				return nil
			}
		}
	}
	return nil
}

// Events shows the events after one time and not after another, until yield returns false: in the order in which they
// became known.
func (r *Reader) Events(after, until record.Time, yield func(*record.Event) bool) error {
	more := true
	return r.each(after, until, func(c *content) (bool, error) {
		err := c.events(func(_ uint64, e record.Event) bool {
			more = e.T <= after || e.T > until || yield(&e)
			return more
		})
		return more, err
	})
}

// States shows the states that were declared after one time and not after another, as Events does.
func (r *Reader) States(after, until record.Time, yield func(*record.State) bool) error {
	more := true
	return r.each(after, until, func(c *content) (bool, error) {
		err := c.states(secStates, c.at, func(_ uint64, s record.State) bool {
			more = s.T <= after || s.T > until || yield(&s)
			return more
		})
		return more, err
	})
}

// each goes through the blocks that may have an event or a state in a time.
func (r *Reader) each(after, until record.Time, fn func(*content) (bool, error)) error {
	for i := range r.blocks {
		b := &r.blocks[i]
		if b.Events+b.States == 0 || b.End <= after || b.First > until {
			continue
		}
		c, err := r.load(i)
		if err != nil {
			return err
		}
		if more, err := fn(c); err != nil || !more {
			return err
		}
	}
	return nil
}

// BlockEvents shows the events of a block, as Events does.
func (r *Reader) BlockEvents(block int, yield func(*record.Event) bool) error {
	if r.blocks[block].Events == 0 {
		return nil
	}
	c, err := r.load(block)
	if err != nil {
		return err
	}
	return c.events(func(_ uint64, e record.Event) bool { return yield(&e) })
}

// CountTransfers is how many transfers left after one time and not after another. Blocks that are wholly in between are
// not read for it.
func (r *Reader) CountTransfers(after, until record.Time) (n uint64, err error) {
	for i := range r.blocks {
		b := &r.blocks[i]
		switch {
		case b.Transfers == 0 || b.MaxLeft <= after || b.MinLeft > until:
			continue
		case b.MinLeft > after && b.MaxLeft <= until:
			n += b.Transfers
			continue
		}
		c, err := r.load(i)
		if err != nil {
			return n, err
		}
		if err := c.transfers(func(x record.Transfer) bool {
			if x.Left > after && x.Left <= until {
				n++
			}
			return x.Left <= until
		}); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Transfers shows the transfers that left after one time and not after another, block by block and within a block in
// the order in which they left, until yield returns false.
func (r *Reader) Transfers(after, until record.Time, yield func(*record.Transfer) bool) error {
	for i := range r.blocks {
		b := &r.blocks[i]
		if b.Transfers == 0 || b.MaxLeft <= after || b.MinLeft > until {
			continue
		}
		c, err := r.load(i)
		if err != nil {
			return err
		}
		more := true
		if err := c.transfers(func(x record.Transfer) bool {
			if x.Left > until {
				return false // they are in order
			}
			more = x.Left <= after || yield(&x)
			return more
		}); err != nil || !more {
			return err
		}
	}
	return nil
}
