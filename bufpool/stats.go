package bufpool

// Stats is what a pool has done and holds now, as of one instant. Bytes are bytes of whole blocks.
type Stats struct {
	InUse    int64  // bytes held by callers
	Idle     int64  // bytes kept for reuse
	Peak     int64  // the most that InUse ever was
	Budget   int64  // the most that InUse can be, but for slabs from Overdraw
	Held     int    // slabs held by callers
	Gets     uint64 // slabs handed out
	Misses   uint64 // those of them that had to be allocated
	Refusals uint64 // slabs refused because of the budget
	Trims    uint64 // released blocks left to the garbage collector because of Options.MaxIdle
}

// counters are guarded by Pool.mu. Fields are as in Stats.
type counters struct {
	inUse, idle, peak             int64
	gets, misses, refusals, trims uint64
}

// Stats returns the pool's counters. It costs about as much as Get.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{
		InUse:    p.n.inUse,
		Idle:     p.n.idle,
		Peak:     p.n.peak,
		Budget:   p.budget,
		Held:     p.heldNow(),
		Gets:     p.n.gets,
		Misses:   p.n.misses,
		Refusals: p.n.refusals,
		Trims:    p.n.trims,
	}
}

// Held is the number of slabs now held by callers.
func (p *Pool) Held() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heldNow()
}

// heldNow counts over all classes. The caller holds mu.
func (p *Pool) heldNow() int {
	n := 0
	for _, out := range p.out {
		n += out
	}
	return n
}

// outByClass is the number of slabs now held by callers, for each class.
func (p *Pool) outByClass() [numClasses]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out
}
