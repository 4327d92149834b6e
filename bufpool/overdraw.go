package bufpool

import "fmt"

// Overdraw is GetSize for the few callers that cannot wait for memory, and whose own demand is bounded by something
// else: it goes over the budget rather than refuse. What it gives counts against the budget like any other slab, so
// callers that can wait wait longer. The only error is ErrTooBig (wrapped).
func (p *Pool) Overdraw(n int) (*Slab, error) {
	if n < 0 {
		panic(fmt.Sprintf("bufpool: Overdraw of %d bytes; a size cannot be negative", n))
	}
	c, ok := classFor(n)
	if !ok {
		return nil, fmt.Errorf("%w: %d bytes asked for, %d is the most", ErrTooBig, n, MaxSize)
	}
	return p.getWithin(c, noLimit)
}

// noLimit is a budget that no program reaches.
const noLimit = 1 << 62
