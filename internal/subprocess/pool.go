package subprocess

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Pool is children that all do the same work, one request at a time each: as many as are asked at the same time. A
// child that has ended, or is no good any more, is replaced with the next request. Its methods may be called from any
// goroutine.
type Pool struct {
	command Command
	hello   any

	mu   sync.Mutex
	idle []*Process
}

// NewPool makes a pool of nobody yet. hello is the first line that each child is told; it answers none to it.
func NewPool(c Command, hello any) *Pool { return &Pool{command: c, hello: hello} }

// Do has a child answer a request. If it gives no answer, or ctx ends, or the answer says that it is spent, it is killed:
// nothing of what it does goes on after Do. Its end is an EndedError.
func (p *Pool) Do(ctx context.Context, request, answer any, spent func() bool) error {
	child, err := p.take(ctx)
	if err != nil {
		return err
	}
	if err = child.Send(request); err == nil {
		err = child.Receive(ctx, answer)
	}
	if err != nil || spent != nil && spent() {
		return errors.Join(err, child.Kill())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, child)
	return nil
}

// take gives an idle child, or a new one.
func (p *Pool) take(ctx context.Context) (*Process, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		child := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return child, nil
	}
	p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.command.Name, context.Cause(ctx))
	}
	child, err := Start(context.WithoutCancel(ctx), p.command)
	if err != nil {
		return nil, err
	}
	if err := child.Send(p.hello); err != nil {
		return nil, errors.Join(err, child.Kill())
	}
	return child, nil
}

// Close ends all children, none of which may have a request.
func (p *Pool) Close() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, child := range p.idle {
		err = errors.Join(err, child.Kill())
	}
	p.idle = nil
	return err
}

// Serve is the life of a child of a pool: greet is told the first line, and answer gives the answer to each further
// one, until in ends or one of them fails.
func Serve(in io.Reader, out io.Writer, greet func(line []byte) error, answer func(line []byte) (any, error)) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLineBytes)
	to := json.NewEncoder(out)
	for first := true; lines.Scan(); first = false {
		if first {
			if err := greet(lines.Bytes()); err != nil {
				return err
			}
			continue
		}
		a, err := answer(lines.Bytes())
		if err == nil {
			err = to.Encode(a)
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}
