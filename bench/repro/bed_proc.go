package repro

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// procBed is a process a node, over TCP. Each is this program, told what it is on its
// command line; it obeys a command a line on its standard input and answers with a JSON
// object a line (ServeNode).
type procBed struct {
	ctx     context.Context
	program []string
	kase    Case
	nodes   map[string]*nodeProc
}

type nodeProc struct {
	*subprocess.Process
	addr core.NodeID
}

// nodeReport is what a node process answers.
type nodeReport struct {
	Node string        `json:"node"`
	Now  time.Duration `json:"now_ns"` // the machine's monotonic clock
	Tally
}

// stopWait is how long a node process may take to end before it is killed.
const stopWait = 10 * time.Second

func newProcBed(ctx context.Context, program []string, c Case) *procBed {
	return &procBed{ctx: ctx, program: program, kase: c, nodes: make(map[string]*nodeProc)}
}

func (b *procBed) id(name string) core.NodeID { return b.nodes[name].addr }

func (b *procBed) add(name string, _ role) error {
	args := append(append([]string(nil), b.program[1:]...), string(b.kase), name)
	for _, to := range fig4Downstreams(name) {
		args = append(args, to+"="+b.id(to).String())
	}
	child, err := subprocess.Start(b.ctx, subprocess.Command{
		Name: "node " + name, Program: append([]string{b.program[0]}, args...), Grace: stopWait})
	if err != nil {
		return err
	}
	n := &nodeProc{Process: child}
	b.nodes[name] = n
	var r nodeReport
	if err := n.Receive(b.ctx, &r); err != nil {
		return err
	}
	n.addr, err = core.ParseNodeID(r.Node)
	return err
}

func (b *procBed) begin(name string) error {
	var r nodeReport
	return b.nodes[name].Ask(b.ctx, commandBegin, &r)
}

func (b *procBed) wait(ctx context.Context, d time.Duration) error { return pause(ctx, d) }

func (b *procBed) read(name string) (Tally, time.Duration, error) {
	var r nodeReport
	err := b.nodes[name].Ask(b.ctx, commandReport, &r)
	return r.Tally, r.Now, err
}

// close ends the nodes by ending their input, all at once. Those of a run that was interrupted are being ended already.
func (b *procBed) close() error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, n := range b.nodes {
		all.Go(func() {
			if err := n.Close(); err != nil && b.ctx.Err() == nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// The commands of ServeNode.
const (
	commandBegin  = "begin"
	commandReport = "report"
)

// ServeNode is a node's side of the world Proc: it runs one node of Fig. 4 until its input
// ends. The arguments are the case, the node's name, and for each node that it sends to
// name=address.
func ServeNode(args []string, in io.Reader, out io.Writer) (err error) {
	if len(args) < 2 {
		return errors.New("a case and a node are needed")
	}
	ids := make(map[string]core.NodeID)
	for _, a := range args[2:] {
		name, addr, _ := strings.Cut(a, "=")
		if ids[name], err = core.ParseNodeID(addr); err != nil {
			return fmt.Errorf("node %q: %w", a, err)
		}
	}
	r, err := fig4Role(Case(args[0]), args[1], func(name string) core.NodeID { return ids[name] })
	if err != nil {
		return err
	}
	b, err := newLiveBed(0, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.add(args[1], r); err != nil {
		return err
	}
	return serveCommands(b, args[1], in, out)
}

func serveCommands(b *liveBed, name string, in io.Reader, out io.Writer) error {
	encoder := json.NewEncoder(out)
	answer := func() error {
		t, now, err := b.read(name)
		if err != nil {
			return err
		}
		return encoder.Encode(nodeReport{Node: b.id(name).String(), Now: now, Tally: t})
	}
	if err := answer(); err != nil { // where it listens
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		switch lines.Text() {
		case commandBegin:
			if err := b.begin(name); err != nil {
				return err
			}
		case commandReport:
		default:
			return fmt.Errorf("unknown command %q: use %s or %s", lines.Text(), commandBegin, commandReport)
		}
		if err := answer(); err != nil {
			return err
		}
	}
	return lines.Err()
}
