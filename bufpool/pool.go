package bufpool

import (
	"errors"
	"fmt"
	"sync"
)

var (
	// ErrBudget says that the slab asked for would take the blocks held by callers over Options.Budget. It goes away
	// when slabs are released. It is returned bare, since a loop under pressure may meet it once a turn.
	ErrBudget = errors.New("bufpool: budget exhausted")

	// ErrTooBig says that no class holds that many bytes; it comes wrapped with the sizes.
	ErrTooBig = errors.New("bufpool: larger than the largest slab")
)

// Options of a pool. The zero value is ready to use.
type Options struct {
	// SlabSize is how many usable bytes Get's slabs have at least: it is rounded up to the next class. Classes of
	// 64 KiB and more offer 512 bytes less than a power of two, so ask for DefaultSlabSize and its like; 128<<10 would
	// give blocks of 256 KiB. 0 means DefaultSlabSize.
	SlabSize int

	// Budget is the most bytes of blocks that callers may hold at once. Blocks kept for reuse do not count. 0 means
	// DefaultBudget; Need computes what a configuration asks for.
	Budget int64

	// MaxIdle is the most bytes of released blocks kept for reuse; the blocks idle for longest beyond it go to the
	// garbage collector. 0 means DefaultMaxIdle; KeepNone, or any negative number, keeps none.
	MaxIdle int64

	// OnLarge, if it is not nil, is called when callers hold LargePool bytes of blocks or
	// more, for the first time and for the first time after each Trim, on the goroutine of
	// whoever took the last one: it must not take or release slabs, nor wait.
	OnLarge func()
}

// A Pool makes slabs and takes them back. It is safe for concurrent use.
//
// One mutex guards it all. It is taken once when a slab is taken and once when it comes back, so once for some tens of
// kilobytes of traffic; a mutex for each class would gain nothing, because loops mostly want the same class, and would
// cost the exactness of budget, peak and trimming.
type Pool struct {
	std     class // of Get
	budget  int64 // bytes
	maxIdle int64 // bytes

	held heldSet // the slabs that callers hold, one by one; only in the tracing build

	mu sync.Mutex // guards what follows

	free  [numClasses]freeList
	out   [numClasses]int // slabs held by callers
	clock uint64          // releases so far; dates idle blocks
	n     counters
	high  int64 // the most bytes held by callers since the last Trim
	large bool  // OnLarge has been told since then

	onLarge func()
}

// New makes an empty pool. Blocks are allocated when they are first asked for.
func New(o Options) *Pool {
	if o.SlabSize < 0 {
		panic(fmt.Sprintf("bufpool: Options.SlabSize is %d bytes; it cannot be negative", o.SlabSize))
	}
	if o.Budget < 0 {
		panic(fmt.Sprintf("bufpool: Options.Budget is %d bytes; it cannot be negative", o.Budget))
	}
	p := &Pool{budget: o.Budget, maxIdle: o.MaxIdle, onLarge: o.OnLarge}
	if o.SlabSize == 0 {
		o.SlabSize = DefaultSlabSize
	}
	std, ok := classFor(o.SlabSize)
	if !ok {
		panic(fmt.Sprintf("bufpool: Options.SlabSize is %d bytes; the largest slab has %d", o.SlabSize, MaxSize))
	}
	p.std = std
	if p.budget == 0 {
		p.budget = DefaultBudget
	}
	if p.maxIdle == 0 {
		p.maxIdle = DefaultMaxIdle
	}
	return p
}

// SlabSize is the number of usable bytes of a standard slab.
func (p *Pool) SlabSize() int { return p.std.usable() }

// Get returns a standard slab, with one reference owned by the caller, or ErrBudget. Its bytes are unspecified.
func (p *Pool) Get() (*Slab, error) { return p.get(p.std) }

// GetSize returns a slab of the smallest class that holds n bytes, with one reference owned by the caller. Its bytes
// are unspecified. The error is ErrTooBig (wrapped) if n is over MaxSize, or ErrBudget.
func (p *Pool) GetSize(n int) (*Slab, error) {
	if n < 0 {
		panic(fmt.Sprintf("bufpool: GetSize of %d bytes; a size cannot be negative", n))
	}
	c, ok := classFor(n)
	if !ok {
		return nil, fmt.Errorf("%w: %d bytes asked for, %d is the most", ErrTooBig, n, MaxSize)
	}
	return p.get(c)
}

// get takes the most recently released block of class c, whose bytes are the likeliest to be in a cache, or makes one.
func (p *Pool) get(c class) (*Slab, error) { return p.getWithin(c, p.budget) }

// getWithin is get under a budget of the caller's.
func (p *Pool) getWithin(c class, budget int64) (*Slab, error) {
	s, large, err := p.take(c, budget)
	if err != nil {
		return nil, err
	}
	if large && p.onLarge != nil {
		p.onLarge()
	}
	if s == nil {
		s = newSlab(p, c) // outside the lock: the runtime clears a new block, which takes microseconds
	}
	s.start()
	p.held.add(s)
	return s, nil
}

// take charges a block of class c to the callers and takes it off the free list; nil if that is empty.
func (p *Pool) take(c class, budget int64) (s *Slab, large bool, err error) {
	size := int64(c.block())
	p.mu.Lock()
	defer p.mu.Unlock()
	if size > budget-p.n.inUse {
		p.n.refusals++
		return nil, false, ErrBudget
	}
	p.n.gets++
	p.n.inUse += size
	p.n.peak = max(p.n.peak, p.n.inUse)
	p.out[c]++
	large = p.grow()
	s = p.free[c].pop()
	if s == nil {
		p.n.misses++
		return nil, large, nil
	}
	p.n.idle -= size
	return s, large, nil
}

// put takes back a slab whose last reference has just been released.
func (p *Pool) put(s *Slab) {
	size := int64(s.class.block())
	p.held.remove(s)
	s.poison()

	p.mu.Lock()
	defer p.mu.Unlock()
	p.n.inUse -= size
	p.out[s.class]--
	if size > p.maxIdle {
		p.n.trims++
		return
	}
	for p.n.idle+size > p.maxIdle {
		p.trim()
	}
	p.clock++
	s.idleSince = p.clock
	p.free[s.class].push(s)
	p.n.idle += size
}

// trim leaves to the garbage collector the block that has been idle for longest, of whatever class: a class that is no
// longer asked for must not keep the room from those that are. Some block is idle. The caller holds mu.
func (p *Pool) trim() {
	var oldest *freeList
	for c := range p.free {
		l := &p.free[c]
		if l.bottom != nil && (oldest == nil || l.bottom.idleSince < oldest.bottom.idleSince) {
			oldest = l
		}
	}
	s := oldest.popBottom()
	p.n.idle -= int64(s.class.block())
	p.n.trims++
}
