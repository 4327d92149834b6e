package world

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/scenario/host"
)

// child is the one node of a process.
type child struct {
	node *engine.Node
	eng  *engine.Engine
	host *host.Host

	mu  sync.Mutex // guards out
	out *json.Encoder

	short *shortage
}

// ServeChild is the life of a node's process in the proc world: it reads what to run
// and what to do from in, and answers on out, until in ends.
func ServeChild(r *host.Registry, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, lineBytes)
	c := &child{out: json.NewEncoder(out)}
	if !lines.Scan() {
		return fmt.Errorf("world: a node's process was not told what to run: %w", errors.Join(lines.Err(), io.ErrUnexpectedEOF))
	}
	stop, err := c.boot(r, lines.Bytes())
	defer stop()
	if err != nil {
		return errors.Join(err, c.say(reply{Error: err.Error()}))
	}
	defer c.eng.Close()
	if err := c.say(reply{}); err != nil {
		return err
	}
	for lines.Scan() {
		if err := c.serve(lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (c *child) say(r reply) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Encode(r)
}

// boot starts the node, under a watch that stop ends, and that has begun before the algorithm is made.
func (c *child) boot(r *host.Registry, line []byte) (stop func(), err error) {
	var b boot
	if err := json.Unmarshal(line, &b); err != nil {
		return func() {}, fmt.Errorf("world: what to run: %w", err)
	}
	made, loops := func() {}, func() {}
	stop = func() { loops(); made() }
	name := b.Setup.Name
	var calls calls
	if b.Hang > 0 {
		made = calls.watch(b.Hang, standing, func(k *call) { c.hung(calls.hangOf(k, b.Hang)) })
	}
	if c.host, err = calls.newHost(r, b.Setup); err != nil {
		return stop, err
	}
	if err := observe(c.host, b.Setup, nil); err != nil {
		return stop, err
	}
	if c.eng, c.short, err = startEngine(b); err != nil {
		return stop, err
	}
	if b.Hang > 0 {
		loops = WatchNode(c.eng, name, b.Hang, c.hung)
	}
	if c.node, err = c.eng.AddNode(c.host, engine.NodeOptions{Listen: b.Setup.ID.String()}); err != nil {
		c.eng.Close()
		return stop, fmt.Errorf("world: start node %s: %w", name, err)
	}
	return stop, nil
}

// hung tells the parent that the node does not return, and ends the process: nothing else ends the loop. Whoever serves
// requests waits for it, or will. The parent reads these words in place of its next answer, asked for before or after
// the end.
func (c *child) hung(h *Hang) {
	_ = c.say(reply{Hang: h}) // a parent that is gone does not need it
	os.Exit(3)
}

// serve answers one request.
func (c *child) serve(line []byte) error {
	var q request
	if err := json.Unmarshal(line, &q); err != nil {
		return fmt.Errorf("world: a request to a node's process: %w", err)
	}
	var a reply
	switch q.Ask {
	case askCount:
		a.Counters = c.count()
	case askObey:
		if err := c.do(func(*core.Node) { c.host.Obey(q.Command) }); err != nil {
			a.Error = err.Error()
		}
	case askStop:
		if err := c.do(func(n *core.Node) { n.Stop() }); err != nil {
			a.Error = err.Error()
		}
	case askAllUp:
		c.eng.AllUp()
	case askStopping:
		c.eng.TellStopping()
	case askEnd:
		a = c.end()
	default:
		a.Error = fmt.Sprintf("there is no request %q", q.Ask)
	}
	return c.say(a)
}

// do runs a function on the node's loop; a node that has ended does nothing.
func (c *child) do(fn func(*core.Node)) error {
	err := c.node.Do(fn)
	if errors.Is(err, engine.ErrClosed) {
		return nil
	}
	return err
}

func (c *child) count() *host.Counters {
	k := countOf(c.node, c.host)
	k.NoRoom += c.short.take(c.node.ID())
	return k
}

// countOf reads a host's counters on its loop, or, once the node has ended, here.
func countOf(n *engine.Node, h *host.Host) *host.Counters {
	var k host.Counters
	read := false
	// The only error is that the node has ended.
	_ = n.Do(func(*core.Node) { k, read = h.Count(), true })
	if read {
		return &k
	}
	<-n.Done()
	k = h.Count()
	if crash := n.Crash(); crash != nil {
		k.Crash = fmt.Sprintf("%v\n%s", crash.Value, crash.Stack)
	}
	return &k
}
