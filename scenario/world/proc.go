package world

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/scenario/host"
)

// proc runs each node in an operating-system process of its own, with real TCP
// between them: the paper's own set-up.
type proc struct {
	o     Options
	at    claim
	nodes []*process    // nil: never ran
	epoch time.Duration // when the world began, which all processes are told
	up    bool          // all that it begins with are
	clock
}

// process is one node's.
type process struct {
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
	last  host.Counters // as it said last
	gone  bool
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

func (w *proc) Boot(_ context.Context, node int, s host.Setup) error {
	p, err := startProcess(w.o.Child, boot{Setup: s, Tuning: tuningOf(w.o.Plan), Epoch: w.epoch, Up: w.up})
	if err != nil {
		return fmt.Errorf("world: start the process of node %s: %w", s.Name, err)
	}
	w.nodes[node] = p
	return nil
}

func startProcess(command []string, b boot) (*process, error) {
	p := &process{name: b.Setup.Name, cmd: exec.Command(command[0], command[1:]...)}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.lines = bufio.NewScanner(out)
	p.lines.Buffer(nil, lineBytes)
	p.cmd.Stderr = os.Stderr
	// Ctrl-C is the parent's to handle: it asks the children for their last counts.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	err = p.send(b)
	if err == nil {
		_, err = p.answer()
	}
	if err != nil {
		return nil, errors.Join(err, p.kill())
	}
	return p, nil
}

func (p *process) send(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("world: tell the process of node %s: %w", p.name, err)
	}
	return nil
}

// answer reads the next reply.
func (p *process) answer() (reply, error) {
	var r reply
	if !p.lines.Scan() {
		return r, fmt.Errorf("world: the process of node %s ended without an answer: %w", p.name, errors.Join(p.lines.Err(), io.ErrUnexpectedEOF))
	}
	if err := json.Unmarshal(p.lines.Bytes(), &r); err != nil {
		return r, fmt.Errorf("world: the answer of node %s: %w", p.name, err)
	}
	if r.Error != "" {
		return r, fmt.Errorf("world: node %s: %s", p.name, r.Error)
	}
	if r.Counters != nil {
		p.last = *r.Counters
	}
	return r, nil
}

func (p *process) ask(q request) error {
	if err := p.send(q); err != nil {
		return err
	}
	_, err := p.answer()
	return err
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
// same time.
func (w *proc) Count(nodes []int) ([]host.Counters, error) {
	out := make([]host.Counters, len(nodes))
	for _, node := range nodes {
		if p := w.running(node); p != nil {
			if err := p.send(request{Ask: askCount}); err != nil {
				return nil, err
			}
		}
	}
	for i, node := range nodes {
		if p := w.running(node); p != nil {
			if _, err := p.answer(); err != nil {
				return nil, err
			}
		}
		if p := w.nodes[node]; p != nil {
			out[i] = p.last
			out[i].Ended = out[i].Ended || p.gone
		}
	}
	return out, nil
}

// Kill is kill -9.
func (w *proc) Kill(node int) error {
	if p := w.running(node); p != nil {
		return p.kill()
	}
	return nil
}

func (p *process) kill() error {
	p.gone = true
	err := p.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return errors.Join(err, p.wait())
}

// wait waits for the process's end. That it was killed, or failed after it had said
// why, is no error.
func (p *process) wait() error {
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
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
		err = errors.Join(err, w.Kill(node))
	}
	return errors.Join(err, w.at.release())
}
