package recording

import (
	"encoding/binary"

	"github.com/ioverlay/ioverlay/record"
)

// column is one field of all nodes, or of all links, in a block: when (the number of the update), where and what.
type column struct {
	path   record.Path
	link   bool
	rows   uint64
	ords   stream
	last   uint64 // update
	keys   stream
	lastF  uint32
	lastT  uint32
	values values
}

func newColumn(p record.Path, link bool) *column {
	return &column{path: p, link: link, values: values{kind: p.Kind()}}
}

// add adds a value, and says about how many bytes it takes.
func (c *column) add(update uint64, f, t uint32, v record.Value) int {
	before := c.size()
	c.rows++
	c.ords.uint(update - c.last)
	c.last = update
	c.keys.int(int64(f) - int64(c.lastF))
	c.lastF = f
	if c.link {
		c.keys.int(int64(t) - int64(c.lastT))
		c.lastT = t
	}
	c.values.add(v)
	return c.size() - before
}

func (c *column) size() int { return len(c.ords) + len(c.keys) + c.values.written }

// append appends the column. A base has no updates.
func (c *column) append(b []byte, base bool) []byte {
	if base {
		b = binary.AppendUvarint(b, 0)
	} else {
		b = c.ords.append(b)
	}
	return c.values.append(c.keys.append(b))
}
