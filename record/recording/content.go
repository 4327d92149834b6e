package recording

import (
	"fmt"
	"unicode/utf8"

	"github.com/ioverlay/ioverlay/record"
)

// stored is a column as the directory of a block says it.
type stored struct {
	kind   sectionKind
	name   string
	path   record.Path // of fields
	rows   uint64
	raw    uint64
	offset int64
	size   uint64
}

// content is what is in a block.
type content struct {
	*Block
	r        *Reader
	sections []stored
	at       []record.Time // of its updates
}

// load reads the directory of a block.
func (r *Reader) load(i int) (*content, error) {
	b := &r.blocks[i]
	c, err := r.chunk(b.offset)
	if err != nil {
		return nil, err
	}
	if c.kind != chunkBlock {
		return nil, fmt.Errorf("%w: at byte %d is no block", ErrFormat, b.offset)
	}
	p := input{b: c.head}
	var said Block
	p.block(&said)
	out := &content{Block: b, r: r}
	offset, end := c.body, b.offset+c.size
	for range p.below(maxSections+1, "the number of columns") {
		s := stored{kind: sectionKind(p.byte()), offset: offset}
		s.name = string(p.take(p.uint()))
		s.rows, s.raw = p.uint(), p.below(maxRaw+1, "the size of a column")
		s.size = p.below(uint64(end-offset)+1, "the size of a column")
		offset += int64(s.size)
		if p.err == nil {
			s.check(&p)
		}
		if p.err != nil {
			return nil, p.err
		}
		out.sections = append(out.sections, s)
	}
	if p.err != nil {
		return nil, p.err
	}
	err = out.readTimes()
	return out, err
}

func (s *stored) check(p *input) {
	// A row takes a byte at least, and so much cannot come out of so little.
	if s.rows > s.raw || s.raw > s.size*maxRatio || !utf8.ValidString(s.name) {
		p.fail("a column %.40q of %d rows and %d bytes in %d", s.name, s.rows, s.raw, s.size)
		return
	}
	switch s.kind {
	case secNodeBase, secNodes, secLinkBase, secLinks:
		ok := false
		if s.path, ok = record.ParsePath(s.kind == secLinkBase || s.kind == secLinks, s.name); !ok {
			p.fail("a column %.40q, which nothing has", s.name)
		}
	case secTimes, secStateBase, secStates, secEvents, secTransfers:
	}
}

// bytes reads a column and decompresses it.
func (c *content) bytes(s *stored) ([]byte, error) {
	packed := make([]byte, s.size)
	if err := c.r.read(packed, s.offset); err != nil {
		return nil, err
	}
	raw, err := c.r.dec.DecodeAll(packed, make([]byte, 0, s.raw))
	if err != nil {
		return nil, fmt.Errorf("%w: column %q at byte %d: %w", ErrFormat, s.name, s.offset, err)
	}
	if uint64(len(raw)) != s.raw {
		return nil, fmt.Errorf("%w: column %q at byte %d has %d bytes and should have %d", ErrFormat, s.name, s.offset, len(raw), s.raw)
	}
	return raw, nil
}

func (c *content) find(kind sectionKind, name string) *stored {
	for i := range c.sections {
		if s := &c.sections[i]; s.kind == kind && (name == "" || s.name == name) {
			return s
		}
	}
	return nil
}

func (c *content) readTimes() error {
	s := c.find(secTimes, "")
	if s == nil {
		return nil
	}
	raw, err := c.bytes(s)
	if err != nil {
		return err
	}
	p := input{b: raw}
	t := c.Begin
	for range s.rows {
		last := t
		if t = p.time(t); t < last || t > c.End {
			p.fail("an update at %d ns that is not between %d and %d", t, last, c.End)
		}
		if p.err != nil {
			return p.err
		}
		c.at = append(c.at, t)
	}
	return nil
}

// open begins to read all columns of some kinds.
func (c *content) open(kinds ...sectionKind) (all []*cells, err error) {
	for i := range c.sections {
		s := &c.sections[i]
		for _, kind := range kinds {
			if s.kind != kind {
				continue
			}
			raw, err := c.bytes(s)
			if err != nil {
				return nil, err
			}
			one, err := readCells(s, raw)
			if err != nil {
				return nil, fmt.Errorf("column %q at byte %d: %w", s.name, s.offset, err)
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// base is how things stood when the block began.
func (c *content) base() (*record.Update, error) {
	u := &record.Update{T: c.Begin, Full: true}
	all, err := c.open(secNodeBase, secLinkBase)
	if err != nil {
		return nil, err
	}
	g := newGather(u)
	for _, one := range all {
		for one.next() {
			if err := g.put(one); err != nil {
				return nil, err
			}
		}
		if one.err != nil {
			return nil, one.err
		}
	}
	g.sort()
	err = c.states(secStateBase, []record.Time{c.Begin}, func(_ uint64, s record.State) bool {
		u.States = append(u.States, s)
		return true
	})
	return u, err
}

func (c *content) states(kind sectionKind, at []record.Time, yield func(uint64, record.State) bool) error {
	s := c.find(kind, "")
	if s == nil {
		return nil
	}
	raw, err := c.bytes(s)
	if err != nil {
		return err
	}
	return readStates(raw, s.rows, at, yield)
}

func (c *content) events(yield func(uint64, record.Event) bool) error {
	s := c.find(secEvents, "")
	if s == nil {
		return nil
	}
	raw, err := c.bytes(s)
	if err != nil {
		return err
	}
	return readEvents(raw, s.rows, c.at, yield)
}

func (c *content) transfers(yield func(record.Transfer) bool) error {
	s := c.find(secTransfers, "")
	if s == nil {
		return nil
	}
	raw, err := c.bytes(s)
	if err != nil {
		return err
	}
	return readTransfers(raw, s.rows, c.Begin, yield)
}

// updates are all updates of the block, without their events.
func (c *content) updates() ([]record.Update, error) {
	out := make([]record.Update, len(c.at))
	for i, t := range c.at {
		out[i].T = t
	}
	all, err := c.open(secNodes, secLinks)
	if err != nil {
		return nil, err
	}
	waiting := all[:0:0] // columns that have a row that was read and not taken
	for _, one := range all {
		if one.next() {
			waiting = append(waiting, one)
		} else if one.err != nil {
			return nil, one.err
		}
	}
	for ord := range out {
		g := newGather(&out[ord])
		for i := 0; i < len(waiting); i++ {
			one := waiting[i]
			more := true
			for more && one.ord == uint64(ord) {
				if err := g.put(one); err != nil {
					return nil, err
				}
				more = one.next()
			}
			if one.err != nil {
				return nil, one.err
			}
			if !more {
				waiting[i] = waiting[len(waiting)-1]
				waiting = waiting[:len(waiting)-1]
				i--
			}
		}
		g.sort()
	}
	if len(waiting) > 0 {
		return nil, fmt.Errorf("%w: something of update %d of %d", ErrFormat, waiting[0].ord, len(out))
	}
	return out, c.states(secStates, c.at, func(ord uint64, s record.State) bool {
		out[ord].States = append(out[ord].States, s)
		return true
	})
}

// addEvents adds those of each update.
func (c *content) addEvents(to []record.Update) error {
	if len(to) != len(c.at) {
		return fmt.Errorf("%w: %d updates and %d times", ErrFormat, len(to), len(c.at))
	}
	return c.events(func(ord uint64, e record.Event) bool {
		to[ord].Events = append(to[ord].Events, e)
		return true
	})
}
