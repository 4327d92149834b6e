package world

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/scenario/host"
)

// child is the one node of a process.
type child struct {
	node *engine.Node
	eng  *engine.Engine
	host *host.Host
	name string
	hang time.Duration
	out  *json.Encoder

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
	if err := c.boot(r, lines.Bytes()); err != nil {
		return errors.Join(err, c.out.Encode(reply{Error: err.Error()}))
	}
	defer c.eng.Close()
	if err := c.out.Encode(reply{}); err != nil {
		return err
	}
	if c.hang > 0 {
		// Whoever serves requests waits for the loop then, or will: the parent learns it in the answer. Nothing waits for it but this.
		defer c.eng.Watch(c.hang, func(_ core.NodeID, t core.Type) {
			h := &Hang{Node: c.name, Type: t, After: c.hang, Stack: stacksOfNodes()}
			_ = json.NewEncoder(out).Encode(reply{Hang: h}) // a parent that is gone does not need it
			time.Sleep(time.Second)                         // so that the parent reads why before it sees the end
			os.Exit(3)                                      // nothing else ends the loop
		})()
	}
	for lines.Scan() {
		if err := c.serve(lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (c *child) boot(r *host.Registry, line []byte) error {
	var b boot
	err := json.Unmarshal(line, &b)
	if err != nil {
		return fmt.Errorf("world: what to run: %w", err)
	}
	c.name, c.hang = b.Setup.Name, b.Hang
	if c.host, err = host.New(r, b.Setup); err != nil {
		return err
	}
	if c.eng, c.short, err = startEngine(b); err != nil {
		return err
	}
	if c.node, err = c.eng.AddNode(c.host, engine.NodeOptions{Listen: b.Setup.ID.String()}); err != nil {
		c.eng.Close()
		return fmt.Errorf("world: start node %s: %w", b.Setup.Name, err)
	}
	return nil
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
	return c.out.Encode(a)
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
