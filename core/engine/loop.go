package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"github.com/panjf2000/gnet/v2/pkg/queue"

	errorx "github.com/panjf2000/gnet/v2/pkg/errors"
	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/interleave"
	"github.com/ioverlay/ioverlay/ring"
)

// loop is one event loop: a goroutine in the poller. Everything in it belongs to
// that goroutine, but for what is marked.
type loop struct {
	eng    *Engine
	index  int
	poller *netpoll.Poller
	tasks  tasks // the poller's; anyone may add some
	shard  *core.Shard
	stage  *wire.Stage // where all links of the loop read into
	fds    []handler   // by descriptor: an index, not a map
	open   int         // descriptors watched
	named  netpoll.PollAttachment
	nodes  []*Node
	timers timerQueue
	inbox  *ring.MPSC[note] // pushed by anyone
	wake   waker            // readable while there is work besides sockets; raised by anyone
	raised interleave.Bool  // wake is readable, or about to be
	ended  chan struct{}    // closed when the goroutine is gone

	// gate keeps those who come from outside away from the descriptors once they
	// are closed: the numbers may be somebody else's by then.
	gate   sync.RWMutex
	closed bool // guarded by gate

	busy      int // sockets that brought something since the last look at the sources
	passed    int // turns in which willing sources were passed over
	iovecs    [][]byte
	strict    deadlines // connections that must say or hear something soon
	lingering lingerers // connections whose lanes have ended
	scrap     []byte    // what is thrown away is read here; nil until first needed
	starved   []*tcpIn  // connections that found no slab
	departing departures
	strangers strangers

	dialled map[netip.AddrPort]*tcpOut // by own address: whose other end this loop may accept (chase.go)
	hot     []*tcpIn                   // other ends of what was just written
	chasing bool                       // the chase is under way
	spent   bool                       // and has no reads left
	away    int                        // flushes of which only the poller, or nobody, will tell

	reserveHolder *tcpIn        // may read into the reserve; see pressure.go
	reserve       *wire.Stage   // nil until it is first needed
	reservePool   *bufpool.Pool // its memory
	resting       []*listener

	rings      []*shmIn // that may have something to read, and whose peers send no kick; see shmin.go
	spareRings []*shmIn
	kicks      []shmEnd // who looks before the next poll whether its peer waits
	owed       int      // turns for which they have been put off
	bursts     bool     // a ring is being read, and goes on before the next poll

	calls callCount

	connect func(fd int, to unix.Sockaddr) error // unix.Connect; a test may stand between
}

// handler is what a descriptor belongs to.
type handler interface {
	// ready is called when the poller reports the descriptor.
	ready(ev netpoll.IOEvent)
}

// tasks is a queue of functions for a loop, which wakes it: its poller, but in the tests
// that control who runs when.
type tasks interface {
	Trigger(priority queue.EventPriority, fn queue.Func, param any) error
}

func newLoop(e *Engine, index int) (lp *loop, err error) {
	lp = &loop{eng: e, index: index, inbox: ring.NewMPSC[note](inboxSize), ended: make(chan struct{}), connect: unix.Connect}
	lp.shard = core.NewShard(lp, e.pool, e.opt.Core)
	lp.stage = wire.NewStage(e.pool)
	lp.strict.loop, lp.lingering.loop, lp.departing.loop = lp, lp, lp
	if lp.poller, err = netpoll.OpenPoller(); err != nil {
		return nil, fmt.Errorf("open poller: %w", err)
	}
	lp.tasks, lp.departing.patience = lp.poller, departPatience
	if err = lp.wake.open(); err != nil {
		return nil, errors.Join(err, lp.poller.Close())
	}
	if err = lp.timers.open(lp); err != nil {
		return nil, errors.Join(err, lp.wake.close(), lp.poller.Close())
	}
	if err = lp.watch(lp.wake.fd(), (*wakeHandler)(lp)); err != nil {
		return nil, errors.Join(err, lp.timers.close(), lp.wake.close(), lp.poller.Close())
	}
	return lp, nil
}

// run is the loop's goroutine.
func (lp *loop) run() {
	defer lp.eng.wg.Done()
	err := lp.poller.Polling(lp.event)
	if !errors.Is(err, errorx.ErrEngineShutdown) {
		lp.eng.opt.Log.Error("loop ended", "loop", lp.index, "err", err)
	}
	close(lp.ended)
}

// release gives back what the loop itself holds. All loops have ended, so that no
// other loop wakes this one any more.
func (lp *loop) release() {
	lp.gate.Lock()
	defer lp.gate.Unlock()
	lp.closed = true
	lp.stage.Close()
	if lp.reserve != nil {
		lp.reserve.Close()
	}
	lp.shard.Close()
	if err := errors.Join(lp.timers.close(), lp.wake.close(), lp.poller.Close()); err != nil {
		lp.eng.opt.Log.Error("closing a loop", "loop", lp.index, "err", err)
	}
}

// stop ends the loop's goroutine.
func (lp *loop) stop() {
	err := lp.poller.Trigger(queue.HighPriority, func(any) error { return errorx.ErrEngineShutdown }, nil)
	if err != nil {
		lp.eng.opt.Log.Error("waking a loop to end it", "loop", lp.index, "err", err)
	}
}

// event is called by the poller for every descriptor that is ready.
func (lp *loop) event(fd int, ev netpoll.IOEvent, _ netpoll.IOFlags) error {
	lp.calls.event(fd)
	if fd < len(lp.fds) && lp.fds[fd] != nil {
		lp.fds[fd].ready(ev)
	}
	return nil
}

// post runs fn on the loop, some time soon, unless the loop has ended. It may be
// called by anyone.
func (lp *loop) post(fn func()) {
	lp.gate.RLock()
	defer lp.gate.RUnlock()
	if lp.closed {
		return
	}
	err := lp.tasks.Trigger(queue.HighPriority, func(any) error {
		fn()
		lp.turn()
		return nil
	}, nil)
	if err != nil {
		lp.eng.opt.Log.Error("waking a loop", "loop", lp.index, "err", err)
	}
}

// do runs fn on the loop and waits for it; the error is ErrClosed if the loop
// has ended. It may be called by anyone but the loop itself.
func (lp *loop) do(fn func()) error {
	done := make(chan struct{})
	lp.post(func() {
		defer close(done)
		fn()
	})
	select {
	case <-done:
		return nil
	case <-lp.ended:
	}
	select {
	case <-done: // just before the end
		return nil
	default:
		return ErrClosed
	}
}

// watch registers a descriptor and its handler for reading.
func (lp *loop) watch(fd int, h handler) error {
	lp.own(fd, h)
	lp.calls.Watches++
	if err := lp.poller.AddRead(lp.attachment(fd), levelTriggered); err != nil {
		lp.disown(fd)
		return err
	}
	return nil
}

// own sets a descriptor's handler.
func (lp *loop) own(fd int, h handler) {
	for fd >= len(lp.fds) {
		lp.fds = append(lp.fds, nil)
	}
	lp.fds[fd] = h
	lp.open++
}

// disown forgets a descriptor that is about to be closed.
func (lp *loop) disown(fd int) {
	lp.fds[fd] = nil
	lp.open--
}

const levelTriggered = false // names the poller's flag at its calls

// attachment names a descriptor in a call of the poller, which looks at it during
// the call only: so one serves for all, and a lane that waits and goes on, as lanes
// between loops do all the time, allocates nothing.
func (lp *loop) attachment(fd int) *netpoll.PollAttachment {
	lp.named.FD = fd
	return &lp.named
}

// The loop is the runtime of its nodes (core.Runtime).

// Now implements core.Runtime.
func (lp *loop) Now() time.Duration { return lp.eng.clock.now() }

// SetTimer implements core.Runtime.
func (lp *loop) SetTimer(n *core.Switch, at time.Duration, id uint64) { lp.timers.set(n, at, id) }

// StopTimer implements core.Runtime.
func (lp *loop) StopTimer(n *core.Switch, id uint64) { lp.timers.stop(n, id) }

// Dial implements core.Runtime.
func (lp *loop) Dial(l *core.OutLane) {
	if n := lp.eng.lookup(l.Node().ID()); n != nil && n.ownName(l.Peer()) {
		lp.refuse(l)
		return
	}
	if lp.eng.opt.Links == Mem {
		lp.dialMem(l)
		return
	}
	lp.dialTCP(l)
}

// Warn implements core.Runtime.
func (lp *loop) Waits(n *core.Switch, waits []core.Wait) { lp.eng.waits.update(lp.eng, n.ID(), waits) }

func (lp *loop) Warn(n *core.Switch, l *core.InLane, err error) {
	lp.eng.opt.Log.Warn("lane ended", "node", n.ID(), "from", l.From(), "app", l.App(), "err", err)
}

// Ended implements core.Runtime.
func (lp *loop) Ended(c *core.Switch, crash *core.Crash) {
	n := lp.eng.lookup(c.ID())
	if n == nil || n.core != c {
		panic("engine: a node ended that this engine does not know")
	}
	if crash != nil {
		lp.eng.opt.Log.Error("algorithm panicked; its node has stopped",
			"node", n.id, "panic", fmt.Sprint(crash.Value), "stack", string(crash.Stack))
	}
	lp.timers.forget(c)
	lp.turnAway(n)
	lp.removeNode(n)
	lp.eng.forget(n)
	n.crash = crash
	close(n.done)
}

// addNode starts to listen for a node.
func (lp *loop) addNode(n *Node) error {
	if n.listener != nil {
		if err := n.listener.start(lp, n); err != nil {
			return err
		}
	}
	n.pos = len(lp.nodes)
	lp.nodes = append(lp.nodes, n)
	return nil
}

func (lp *loop) removeNode(n *Node) {
	if n.listener != nil {
		n.listener.stop()
	}
	last := len(lp.nodes) - 1
	lp.nodes[n.pos] = lp.nodes[last]
	lp.nodes[n.pos].pos = n.pos
	lp.nodes[last] = nil
	lp.nodes = lp.nodes[:last]
}
