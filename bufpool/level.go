package bufpool

// LargePool is from how many bytes of blocks held by callers on a pool counts as large, and
// Options.OnLarge is told.
const LargePool int64 = 64 << 20

// Level is how much of a pool is in use, now and at the most since it was last trimmed.
type Level struct {
	Now, High int64  // bytes of blocks held by callers
	Made      uint64 // blocks that had to be allocated, ever
}

// Level returns the pool's level.
func (p *Pool) Level() Level {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Level{Now: p.n.inUse, High: p.high, Made: p.n.misses}
}

// Trim leaves all idle blocks to the garbage collector, and has the pool say again when it
// has become large.
func (p *Pool) Trim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.n.idle > 0 {
		p.trim()
	}
	p.high, p.large = p.n.inUse, false
}

// grow notes that a block was taken, and reports whether that makes the pool large for the
// first time since it was trimmed. The caller holds mu.
func (p *Pool) grow() bool {
	p.high = max(p.high, p.n.inUse)
	if p.large || p.n.inUse < LargePool {
		return false
	}
	p.large = true
	return true
}
