package failures

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// Spec says what to measure.
type Spec struct {
	Program      []string      // how this program is run again
	Kinds        []string      // of failure; see Kinds
	Trials       int           // of each kind
	StallTimeout time.Duration // of the nodes
	FailTimeout  time.Duration
}

// Trial is one failure and how it was noticed. Times are in nanoseconds.
type Trial struct {
	Object    string        `json:"object"` // "trial"
	Kind      string        `json:"kind"`
	Trial     int           `json:"trial"`
	Noticed   string        `json:"noticed"`            // what the detecting node logged
	Reason    string        `json:"reason"`             // and why it said that was
	Detection time.Duration `json:"detection_ns"`       // from the failure to that line
	Recovery  time.Duration `json:"recovery_ns"`        // of a stopped process: from SIGCONT to recovered
	Messages  uint64        `json:"messages,omitempty"` // that arrived, where that is counted
	How       string        `json:"how,omitempty"`      // packets were lost
}

// Skipped is a kind that could not be measured here, and why.
type Skipped struct {
	Object string `json:"object"` // "skipped"
	Kind   string `json:"kind"`
	Why    string `json:"why"`
}

// kind is a way to fail.
type kind struct {
	name    string
	what    string
	needNet bool
	trial   func(ctx context.Context, s Spec, n *nets) (Trial, error)
}

// dominoNodes is the length of the chain whose second process is killed.
const dominoNodes = 7

// lossTime is for how long packets are lost: lossPercent of them at random, or, where
// the kernel has no netem, all of them for flapTime in every flapEvery.
const (
	lossTime    = 3 * time.Second
	lossPercent = 5
	flapTime    = 50 * time.Millisecond
	flapEvery   = 500 * time.Millisecond
)

// slack is how long anything may take that is not measured: processes start, links
// open, a busy machine gets round to it.
const slack = 20 * time.Second

func kinds() []kind {
	return []kind{
		{"kill-down", "kill -9 of a downstream: its upstream is told", false, killDown},
		{"kill-up", "kill -9 of an upstream: its downstream is told", false, killUp},
		{"domino", fmt.Sprintf("kill -9 in a chain of %d: its end is told", dominoNodes), false, domino},
		{"stop", "SIGSTOP of a downstream: reported as stalled", false, stopped},
		{"cut", "silent cut while data flows: the link ends", true, cut},
		{"stop-cut", "silent cut of a stopped process: the link ends", true, stoppedAndCut},
		{"loss", fmt.Sprintf("packets lost for %v: the link lives", lossTime), true, loss},
	}
}

// Kinds are the names of the kinds of failure, in the order in which they are
// measured.
func Kinds() (names []string) {
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// Run measures, and hands each Trial and Skipped to record as it is there.
func Run(ctx context.Context, s Spec, record func(any) error) error {
	for _, k := range kinds() {
		for _, name := range s.Kinds {
			if name != k.name {
				continue
			}
			if err := k.run(ctx, s, record); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
	}
	return nil
}

// errNotHere means that a kind cannot be measured on this system.
var errNotHere = errors.New("not measured")

func (k kind) run(ctx context.Context, s Spec, record func(any) error) error {
	for i := range s.Trials {
		t, err := k.once(ctx, s)
		switch {
		case errors.Is(err, errNotHere) && i == 0:
			return record(Skipped{Object: "skipped", Kind: k.name, Why: err.Error()})
		case err != nil:
			return fmt.Errorf("trial %d: %w", i+1, err)
		}
		t.Object, t.Kind, t.Trial = "trial", k.name, i+1
		if err := record(t); err != nil {
			return err
		}
	}
	return nil
}

// once makes what a trial needs, runs it, and takes it away.
func (k kind) once(ctx context.Context, s Spec) (Trial, error) {
	if !k.needNet {
		return k.trial(ctx, s, nil)
	}
	n, err := newNets(ctx)
	if err != nil {
		return Trial{}, fmt.Errorf("%w: %w", errNotHere, err)
	}
	defer n.close()
	return k.trial(ctx, s, n)
}

// timeouts are the flags that set a node's.
func (s Spec) timeouts() []string {
	return []string{"--stall-timeout", s.StallTimeout.String(), "--fail-timeout", s.FailTimeout.String()}
}

// chain starts nodes in a row, the last of them first, and waits until data flows
// to the end. places says how and where each runs.
func (s Spec) chain(ctx context.Context, source string, places []place) (nodes []*node, err error) {
	nodes = make([]*node, len(places))
	defer func() {
		if err != nil {
			killAll(nodes)
		}
	}()
	for i := len(places) - 1; i >= 0; i-- {
		args := append(s.timeouts(), "--listen", places[i].listen)
		if i == len(places)-1 {
			args = append(args, "--sink")
		} else {
			args = append(args, "--downstream", nodes[i+1].id)
		}
		if i == 0 {
			args = append(args, "--source", source, "--payload", "1000")
		}
		if nodes[i], err = startNode(ctx, places[i].program, args...); err != nil {
			return nodes, err
		}
	}
	for deadline := time.Now().Add(slack); ; {
		r, err := nodes[len(nodes)-1].report()
		switch {
		case err != nil:
			return nodes, err
		case r.Messages > 100:
			return nodes, nil
		case time.Now().After(deadline):
			return nodes, fmt.Errorf("no data arrives within %v", slack)
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return nodes, err
		}
	}
}

// place is how and where a node runs.
type place struct {
	program []string
	listen  string
}

// here are places on this machine's loopback.
func (s Spec) here(count int) []place {
	ps := make([]place, count)
	for i := range ps {
		ps[i] = place{s.Program, "127.0.0.1:0"}
	}
	return ps
}

// there are two places, one on each side of a network.
func (s Spec) there(n *nets) []place {
	return []place{{in(n.left, s.Program), leftAddr + ":7000"}, {in(n.right, s.Program), rightAddr + ":7000"}}
}

func killAll(nodes []*node) {
	for _, n := range nodes {
		if n != nil {
			n.kill()
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

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
	return noticed(ctx, nodes[0], slack, is("link-down", "downstream"), func() error { return nodes[1].signal(syscall.SIGKILL) })
}

func killUp(ctx context.Context, s Spec, _ *nets) (Trial, error) {
	nodes, err := s.chain(ctx, steady, s.here(2))
	if err != nil {
		return Trial{}, err
	}
	defer killAll(nodes)
	return noticed(ctx, nodes[1], slack, is("link-down", "upstream"), func() error { return nodes[0].signal(syscall.SIGKILL) })
}

// domino kills the second of a chain; every node behind it must be told.
func domino(ctx context.Context, s Spec, _ *nets) (Trial, error) {
	nodes, err := s.chain(ctx, steady, s.here(dominoNodes))
	if err != nil {
		return Trial{}, err
	}
	defer killAll(nodes)
	last := len(nodes) - 1
	t, err := noticed(ctx, nodes[last], slack, is("broken-source", ""), func() error { return nodes[1].signal(syscall.SIGKILL) })
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
	t, err := noticed(ctx, nodes[0], slack, alive("link-stalled"), func() error { return nodes[1].signal(syscall.SIGSTOP) })
	if err != nil || t.Noticed == "link-down" {
		return t, errors.Join(err, endedFor(t.Noticed, t.Reason))
	}
	if err := pause(ctx, 3*s.FailTimeout); err != nil {
		return t, err
	}
	r, err := noticed(ctx, nodes[0], slack, alive("link-recovered"), func() error { return nodes[1].signal(syscall.SIGCONT) })
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
	if err := nodes[1].signal(syscall.SIGSTOP); err != nil {
		return Trial{}, err
	}
	if _, err := nodes[0].await(ctx, slack, is("link-stalled", "downstream")); err != nil {
		return Trial{}, err
	}
	return noticed(ctx, nodes[0], 3*slack+3*s.FailTimeout, is("link-down", "downstream"), func() error { return n.cut(ctx) })
}

// loss must end no link, lose no message and bring none out of order.
func loss(ctx context.Context, s Spec, n *nets) (Trial, error) {
	nodes, err := s.chain(ctx, steady, s.there(n))
	if err != nil {
		return Trial{}, err
	}
	defer killAll(nodes)
	before, err := nodes[1].report()
	if err != nil {
		return Trial{}, err
	}
	how := fmt.Sprintf("netem, %d%%", lossPercent)
	if n.lose(ctx, lossPercent) == nil {
		err = pause(ctx, lossTime)
	} else {
		how = fmt.Sprintf("all for %v in every %v", flapTime, flapEvery)
		err = n.flap(ctx)
	}
	if err != nil {
		return Trial{}, err
	}
	e, err := nodes[0].await(ctx, flapEvery, is("link-down", ""))
	if !errors.Is(err, errMissed) {
		return Trial{}, errors.Join(err, endedFor(e.Event, e.Reason))
	}
	after, err := nodes[1].report()
	if err == nil && after.Messages == before.Messages {
		err = errors.New("nothing arrives")
	}
	if bad := after.Lost + after.OutOfOrder + after.Corrupt; bad > 0 {
		err = errors.Join(err, fmt.Errorf("%d messages lost, out of order or corrupt", bad))
	}
	return Trial{Noticed: "nothing", Messages: after.Messages - before.Messages, How: how}, err
}

// flap takes the middle of the link away again and again, for lossTime.
func (n *nets) flap(ctx context.Context) error {
	for range lossTime / flapEvery {
		err := n.cut(ctx)
		if err == nil {
			err = pause(ctx, flapTime)
		}
		if err == nil {
			err = n.join(ctx)
		}
		if err == nil {
			err = pause(ctx, flapEvery-flapTime)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
