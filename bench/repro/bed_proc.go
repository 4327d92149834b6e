package repro

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/core"
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
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
	addr  core.NodeID
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
	cmd := exec.CommandContext(b.ctx, b.program[0], args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start node %s: %w", name, err)
	}
	n := &nodeProc{cmd: cmd, in: in, lines: bufio.NewScanner(out)}
	b.nodes[name] = n
	r, err := n.report()
	if err != nil {
		return err
	}
	n.addr, err = core.ParseNodeID(r.Node)
	return err
}

func (n *nodeProc) ask(command string) (nodeReport, error) {
	if _, err := io.WriteString(n.in, command+"\n"); err != nil {
		return nodeReport{}, fmt.Errorf("tell node %v to %s: %w", n.addr, command, err)
	}
	return n.report()
}

func (n *nodeProc) report() (r nodeReport, err error) {
	if !n.lines.Scan() {
		return r, fmt.Errorf("node %v ended without an answer: %w", n.addr, errors.Join(n.lines.Err(), io.ErrUnexpectedEOF))
	}
	if err := json.Unmarshal(n.lines.Bytes(), &r); err != nil {
		return r, fmt.Errorf("answer of node %v: %w", n.addr, err)
	}
	return r, nil
}

func (b *procBed) begin(name string) error {
	_, err := b.nodes[name].ask(commandBegin)
	return err
}

func (b *procBed) wait(ctx context.Context, d time.Duration) error { return pause(ctx, d) }

func (b *procBed) read(name string) (Tally, time.Duration, error) {
	r, err := b.nodes[name].ask(commandReport)
	return r.Tally, r.Now, err
}

// close ends the nodes by ending their input.
func (b *procBed) close() (err error) {
	for _, n := range b.nodes {
		err = errors.Join(err, n.in.Close())
	}
	for name, n := range b.nodes {
		timer := time.AfterFunc(stopWait, func() { _ = n.cmd.Process.Kill() }) // Wait says so
		if waitErr := n.cmd.Wait(); waitErr != nil && b.ctx.Err() == nil {
			err = errors.Join(err, fmt.Errorf("node %s: %w", name, waitErr))
		}
		timer.Stop()
	}
	return err
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
