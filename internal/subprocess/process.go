package subprocess

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// drainWait is how long output may still come from a child that has ended: what it wrote itself is in the pipe
// already, and only somebody that it started and left behind can hold the pipe open.
const drainWait = 250 * time.Millisecond

// Process is a running child. Send, Receive and Close belong to one goroutine; the rest may be called from any. Every
// Process is to be ended with Close or Kill, even one that has ended by itself.
type Process struct {
	c     Command
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *os.File
	lines *bufio.Scanner // of out
	said  *stderr
	ctx   context.Context // of the child's life

	done     chan struct{} // closed when it has ended and all that it said is there
	detach   func() bool   // from ctx
	released sync.Once
}

// Start starts a child. When ctx ends, at any time, the child is asked to end (SIGTERM) and killed after the grace.
func Start(ctx context.Context, c Command) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, context.Cause(ctx))
	}
	p := &Process{c: c, ctx: ctx, cmd: exec.Command(c.Program[0], c.Program[1:]...), done: make(chan struct{})}
	p.cmd.SysProcAttr = attributes(c.Group)
	ends, err := p.pipes()
	if err == nil {
		begun := make(chan error)
		go p.live(begun)
		if err = <-begun; err != nil {
			err = errors.Join(err, p.out.Close(), p.said.file.Close())
		}
	}
	for _, end := range ends { // the child has its own by now
		err = errors.Join(err, end.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	p.lines = bufio.NewScanner(p.out)
	p.lines.Buffer(nil, maxLineBytes)
	p.detach = context.AfterFunc(ctx, p.terminate)
	return p, nil
}

// pipes makes the pipes, and returns the child's ends of two of them. They are files, not writers, so that nothing in
// package exec waits for whoever may have inherited them.
func (p *Process) pipes() (childs []*os.File, err error) {
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, outEnd, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, p.in.Close())
	}
	said, saidEnd, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, p.in.Close(), out.Close(), outEnd.Close())
	}
	p.out, p.said = out, newStderr(said, p.c.Log)
	p.cmd.Stdout, p.cmd.Stderr = outEnd, saidEnd
	return []*os.File{outEnd, saidEnd}, nil
}

// live starts the child, says so, and sees it end. It keeps one thread for all of that, since the kernel kills a child
// when the thread that started it ends, not the process; a thread that waits for a child is in the kernel anyway.
func (p *Process) live(begun chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.cmd.Start(); err != nil {
		begun <- err
		return
	}
	read := make(chan struct{})
	go func() { defer close(read); p.said.pump() }()
	begun <- nil
	_ = p.cmd.Wait() // how it ended is in ProcessState; nothing else can fail, since all pipes are files
	if !p.cmd.ProcessState.Success() && p.c.Group == OwnGroup {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // what is left of its group; mostly nothing
	}
	p.limitReads()
	<-read
	close(p.done)
}

// limitReads bounds how long output of a child that has ended is waited for.
func (p *Process) limitReads() {
	at := time.Now().Add(drainWait)
	_, _ = p.out.SetReadDeadline(at), p.said.file.SetReadDeadline(at) // fails only on what is closed
}

// Done is closed when the child has ended; Err then says how.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is an EndedError if the child has ended, however it did, and nil while it runs.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.ended()
	default:
		return nil
	}
}

func (p *Process) ended() *EndedError {
	e := &EndedError{Name: p.c.Name, State: p.cmd.ProcessState, Said: p.said.last()}
	if p.ctx.Err() != nil {
		e.Cause = context.Cause(p.ctx)
	}
	return e
}

// failure is an EndedError unless the child, which has ended, ended well.
func (p *Process) failure() error {
	if p.cmd.ProcessState.Success() {
		return nil
	}
	return p.ended()
}

// Send writes a value to the child as a line of JSON.
func (p *Process) Send(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("tell %s: %w", p.c.Name, err)
	}
	return p.SendLine(string(line))
}

// SendLine writes a line to the child. If the child is gone the error says how it ended.
func (p *Process) SendLine(line string) error {
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		return fmt.Errorf("tell %s: %w", p.c.Name, p.because(err))
	}
	return nil
}

// Receive reads the child's next line, a value in JSON. If the child has ended the error says how, and wraps an
// EndedError. If ctx ends first the error is its cause, and what the child answers later belongs to nobody: it can only
// be closed or killed then.
func (p *Process) Receive(ctx context.Context, into any) error {
	if p.Err() != nil {
		p.limitReads() // anew: what it wrote before its end is still to be had
	}
	stop := context.AfterFunc(ctx, func() { _ = p.out.SetReadDeadline(time.Unix(1, 0)) }) // fails only when it is closed
	defer stop()
	if !p.lines.Scan() {
		err := p.lines.Err()
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("wait for %s: %w", p.c.Name, context.Cause(ctx))
		case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("%s gave no answer: %w", p.c.Name, p.because(err))
	}
	if err := json.Unmarshal(p.lines.Bytes(), into); err != nil {
		return fmt.Errorf("the answer of %s, %q: %w", p.c.Name, excerpt(p.lines.Bytes()), err)
	}
	return nil
}

// Ask sends a line and receives the answer.
func (p *Process) Ask(ctx context.Context, line string, into any) error {
	if err := p.SendLine(line); err != nil {
		return err
	}
	return p.Receive(ctx, into)
}

// because is how the child ended, if that is why a pipe to it broke, or else err. A child whose pipe has just broken
// is given a moment to end.
func (p *Process) because(err error) error {
	select {
	case <-p.done:
		return p.ended()
	case <-time.After(drainWait):
		return err
	}
}

// Signal sends a signal to the child and its group. That it has ended is an error that wraps os.ErrProcessDone.
func (p *Process) Signal(s syscall.Signal) error {
	err := p.cmd.Process.Signal(syscall.Signal(0)) // does not confuse it with a later process of the same number
	if err == nil && p.c.Group == OwnGroup {
		err = syscall.Kill(-p.cmd.Process.Pid, s)
	} else if err == nil {
		err = p.cmd.Process.Signal(s)
	}
	if errors.Is(err, syscall.ESRCH) {
		err = os.ErrProcessDone
	}
	if err != nil {
		return fmt.Errorf("signal %v to %s: %w", s, p.c.Name, err)
	}
	return nil
}

// terminate asks the child to end, and ends it if it does not.
func (p *Process) terminate() {
	_ = p.Signal(syscall.SIGTERM) // that it has ended is well
	p.await()
}

// await waits for the end of a child that was asked to end, up to the grace.
func (p *Process) await() {
	t := time.NewTimer(p.c.grace())
	defer t.Stop()
	select {
	case <-p.done:
	case <-t.C:
		_ = p.Signal(syscall.SIGKILL) // likewise
		<-p.done
	}
}

// Kill ends the child at once, with what is in its group, and waits for its end. That it has ended, or failed, is no
// error. It may be called more than once, and beside Close.
func (p *Process) Kill() error {
	err := p.Signal(syscall.SIGKILL)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-p.done
	return errors.Join(err, p.release())
}

// Close ends the child by ending its standard input, and waits for its end. If it has not ended after the grace it is
// killed. The error is an EndedError if it ended in any way but with exit status 0.
func (p *Process) Close() error {
	inErr := p.in.Close()
	if errors.Is(inErr, os.ErrClosed) {
		inErr = nil // it has ended already
	}
	var drained sync.WaitGroup
	drained.Go(func() { _, _ = io.Copy(io.Discard, p.out) }) // else a last word that nobody reads would hold it up
	p.await()
	drained.Wait()
	return errors.Join(p.failure(), inErr, p.release())
}

// release lets go of what the parent holds of a child that has ended.
func (p *Process) release() (err error) {
	p.released.Do(func() {
		p.detach()
		err = errors.Join(p.out.Close(), p.said.file.Close())
	})
	return err
}

func excerpt(line []byte) []byte {
	const most = 200
	return line[:min(len(line), most)]
}
