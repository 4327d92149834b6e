package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/internal/subprocess"
	"github.com/ioverlay/ioverlay/scenario/host"
)

// proc runs each node in an operating-system process of its own, the paper's own set-up.
// Between them are rings in shared memory, where the system has them, or real TCP.
type proc struct {
	o     Options
	at    claim
	nodes []*process    // nil: never ran
	epoch time.Duration // when the world began, which all processes are told
	up    bool          // all that it begins with are
	clock

	logs sync.Once // log is made with the first process
	log  *subprocess.Forwarder
}

// process is one node's.
type process struct {
	*subprocess.Process
	name string
	last host.Counters // as it said last
	over bool          // its node has ended with the world, and last is all there is to know
	gone bool
}

func newProc(o Options) (World, error) {
	if len(o.Child) == 0 {
		return nil, errors.New("world: the proc world needs the command of a node's process: Options.Child")
	}
	at, err := loopback(len(o.Plan.Nodes))
	if err != nil {
		return nil, err
	}
	return &proc{o: o, at: at, nodes: make([]*process, len(at.ids)), epoch: engine.Clock()}, nil
}

func (w *proc) Name() string { return "proc" }

func (w *proc) ID(node int) core.NodeID { return w.at.ids[node] }

func (w *proc) Boot(ctx context.Context, node int, s host.Setup) error {
	p, err := w.start(ctx, s)
	if err != nil {
		return fmt.Errorf("world: start the process of node %s: %w", s.Name, err)
	}
	w.nodes[node] = p
	return nil
}

// BootAll implements Booter. A process takes some milliseconds of one core to start and then waits for its turn, so a
// few more than there are cores keep all cores busy, and no more: what all of them ask for at once is memory.
func (w *proc) BootAll(ctx context.Context, nodes []int, setups []host.Setup) error {
	return subprocess.Parallel(ctx, len(nodes), 2*runtime.GOMAXPROCS(0), func(ctx context.Context, i int) error {
		return w.Boot(ctx, nodes[i], setups[i])
	})
}

// start starts a process and waits until its node accepts links. The process outlives ctx: after Ctrl-C it is asked for
// its last counts.
func (w *proc) start(ctx context.Context, s host.Setup) (*process, error) {
	w.logs.Do(func() { w.log = subprocess.NewForwarder(os.Stderr) })
	name := "the process of node " + s.Name
	child, err := subprocess.Start(context.WithoutCancel(ctx), subprocess.Command{
		Name: name, Program: w.o.Child, Log: w.log.Log("node " + s.Name)})
	if err != nil {
		return nil, err
	}
	p := &process{Process: child, name: s.Name}
	if err = p.Send(boot{Setup: s, Tuning: tuningOf(w.o.Plan), Epoch: w.epoch, Up: w.up, TCP: w.o.TCPOnly, Hang: w.o.HangAfter}); err == nil {
		err = p.answer(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	return p, nil
}

// reply reads the next reply.
func (p *process) reply(ctx context.Context) (r reply, err error) {
	if err := p.Receive(ctx, &r); err != nil {
		return r, fmt.Errorf("world: %w", err)
	}
	if r.Hang != nil {
		return r, fmt.Errorf("world: %w", r.Hang)
	}
	if r.Error != "" {
		return r, fmt.Errorf("world: node %s: %s", p.name, r.Error)
	}
	if r.Counters != nil {
		p.last = *r.Counters
	}
	return r, nil
}

// answer is reply for those who want no more than its counters.
func (p *process) answer(ctx context.Context) error {
	_, err := p.reply(ctx)
	return err
}

// send sends a request. A process that has ended because its node did not return has said so before, and nobody may
// have asked it anything since.
func (p *process) send(q request) error {
	err := p.Send(q)
	if err == nil {
		return nil
	}
	var last reply
	if p.Err() != nil && p.Receive(context.Background(), &last) == nil && last.Hang != nil {
		err = last.Hang
	}
	return fmt.Errorf("world: %w", err)
}

func (p *process) ask(q request) error {
	if err := p.send(q); err != nil {
		return err
	}
	return p.answer(context.Background())
}

// running is the process of a node, or nil.
func (w *proc) running(node int) *process {
	if p := w.nodes[node]; p != nil && !p.gone {
		return p
	}
	return nil
}

func (w *proc) Obey(node int, c host.Command) error {
	if p := w.running(node); p != nil {
		return p.ask(request{Ask: askObey, Command: c})
	}
	return nil
}

// Count asks all before it reads the first answer, so that they count at about the
// same time. One that does not answer leaves no answer of another's unread.
func (w *proc) Count(nodes []int) ([]host.Counters, error) {
	out := make([]host.Counters, len(nodes))
	asked := make([]bool, len(nodes))
	var err error
	for i, node := range nodes {
		if p := w.running(node); p != nil && !p.over {
			sendErr := p.send(request{Ask: askCount})
			asked[i] = sendErr == nil
			err = errors.Join(err, sendErr)
		}
	}
	for i, node := range nodes {
		p := w.nodes[node]
		if p == nil {
			continue
		}
		if asked[i] {
			err = errors.Join(err, p.answer(context.Background()))
		}
		out[i] = p.last
		p.last.Metrics = nil // each is told once
		out[i].Ended = out[i].Ended || p.gone
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Kill is kill -9.
func (w *proc) Kill(node int) error {
	if p := w.running(node); p != nil {
		p.gone = true
		return p.Process.Kill()
	}
	return nil
}

func (w *proc) Stop(node int) error {
	if p := w.running(node); p != nil {
		return p.ask(request{Ask: askStop})
	}
	return nil
}

// Close ends what still runs, all at once.
func (w *proc) Close() (err error) {
	for node := range w.nodes {
		if p := w.running(node); p != nil {
			_ = p.Signal(syscall.SIGKILL) // Kill waits for it, and says what went wrong
		}
	}
	for node := range w.nodes {
		err = errors.Join(err, w.Kill(node))
	}
	if w.log != nil {
		w.log.Close()
	}
	return errors.Join(err, w.at.release())
}
