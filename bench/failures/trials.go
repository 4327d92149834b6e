package failures

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// dominoNodes is the length of the chain whose second process is killed.
const dominoNodes = 7

// steady is a source that leaves the machine alone.
const steady = "rate:1000"

// noticed runs fail, and waits for what the detecting node logs of it.
func noticed(ctx context.Context, by *node, within time.Duration, fits func(event) bool, fail func() error) (Trial, error) {
	began, err := now()
	if err != nil {
		return Trial{}, err
	}
	if err := fail(); err != nil {
		return Trial{}, err
	}
	e, err := by.await(ctx, within, fits)
	return Trial{Noticed: e.Event, Reason: e.Reason, Detection: e.at() - began}, err
}

func killDown(ctx context.Context, s Spec, _ *nets) (Trial, error) {
	nodes, err := s.chain(ctx, steady, s.here(2))
	if err != nil {
		return Trial{}, err
	}
	defer killAll(nodes)
	return noticed(ctx, nodes[0], slack, is("link-down", "downstream"), func() error { return nodes[1].Signal(syscall.SIGKILL) })
}

func killUp(ctx context.Context, s Spec, _ *nets) (Trial, error) {
	nodes, err := s.chain(ctx, steady, s.here(2))
	if err != nil {
		return Trial{}, err
	}
	defer killAll(nodes)
	return noticed(ctx, nodes[1], slack, is("link-down", "upstream"), func() error { return nodes[0].Signal(syscall.SIGKILL) })
}

// domino kills the second of a chain; every node behind it must be told.
func domino(ctx context.Context, s Spec, _ *nets) (Trial, error) {
	nodes, err := s.chain(ctx, steady, s.here(dominoNodes))
	if err != nil {
		return Trial{}, err
	}
	defer killAll(nodes)
	last := len(nodes) - 1
	t, err := noticed(ctx, nodes[last], slack, is("broken-source", ""), func() error { return nodes[1].Signal(syscall.SIGKILL) })
	for _, n := range nodes[2:last] {
		if err != nil {
			break
		}
		_, err = n.await(ctx, slack, is("broken-source", ""))
	}
	return t, err
}

// stopped stops a process for longer than a dead peer would be given. Its upstream
// must report it as stalled, must not end the link, and must see it recover.
func stopped(ctx context.Context, s Spec, _ *nets) (Trial, error) {
	nodes, err := s.chain(ctx, "back-to-back", s.here(2))
	if err != nil {
		return Trial{}, err
	}
	defer killAll(nodes)
	alive := func(name string) func(event) bool {
		return func(e event) bool { return e.Direction == "downstream" && (e.Event == name || e.Event == "link-down") }
	}
	t, err := noticed(ctx, nodes[0], slack, alive("link-stalled"), func() error { return nodes[1].Signal(syscall.SIGSTOP) })
	if err != nil || t.Noticed == "link-down" {
		return t, errors.Join(err, endedFor(t.Noticed, t.Reason))
	}
	if err := pause(ctx, 3*s.FailTimeout); err != nil {
		return t, err
	}
	r, err := noticed(ctx, nodes[0], slack, alive("link-recovered"), func() error { return nodes[1].Signal(syscall.SIGCONT) })
	t.Recovery = r.Detection
	return t, errors.Join(err, endedFor(r.Noticed, r.Reason))
}

// endedFor is the error of a link that should have lived.
func endedFor(noticed, reason string) error {
	if noticed == "link-down" {
		return fmt.Errorf("the link ended (%s), and its peer lives", reason)
	}
	return nil
}

func cut(ctx context.Context, s Spec, n *nets) (Trial, error) {
	nodes, err := s.chain(ctx, steady, s.there(n))
	if err != nil {
		return Trial{}, err
	}
	defer killAll(nodes)
	return noticed(ctx, nodes[0], slack+3*s.FailTimeout, is("link-down", "downstream"), func() error { return n.cut(ctx) })
}

// stoppedAndCut cuts the way to a process that is stopped, so that only unanswered
// probes of its closed window tell.
func stoppedAndCut(ctx context.Context, s Spec, n *nets) (Trial, error) {
	nodes, err := s.chain(ctx, "back-to-back", s.there(n))
	if err != nil {
		return Trial{}, err
	}
	defer killAll(nodes)
	if err := nodes[1].Signal(syscall.SIGSTOP); err != nil {
		return Trial{}, err
	}
	if _, err := nodes[0].await(ctx, slack, is("link-stalled", "downstream")); err != nil {
		return Trial{}, err
	}
	return noticed(ctx, nodes[0], 3*slack+3*s.FailTimeout, is("link-down", "downstream"), func() error { return n.cut(ctx) })
}
