package failures

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// event is a line of a node's log that says what happened to a link or a session.
type event struct {
	Msg       string `json:"msg"`
	Event     string `json:"event"`
	Peer      string `json:"peer"`
	App       uint32 `json:"app"`
	Direction string `json:"direction"`
	Reason    string `json:"reason"`
	AtNS      int64  `json:"at_ns"`
}

func (e event) at() time.Duration { return time.Duration(e.AtNS) }

// report is what a node says of itself on its standard output.
type report struct {
	Node       string `json:"node"`
	Messages   uint64 `json:"messages"`
	OutOfOrder uint64 `json:"out_of_order"`
	Corrupt    uint64 `json:"corrupt"`
	Lost       uint64 `json:"missing"` // sequence numbers missing at its sink
}

// node is a node process.
type node struct {
	*subprocess.Process
	id     string
	events chan event
}

// startNode starts a node process, by prefix and program, and waits until it
// listens.
func startNode(ctx context.Context, program []string, args ...string) (*node, error) {
	n := &node{events: make(chan event, 1<<12)}
	var err error
	n.Process, err = subprocess.Start(ctx, subprocess.Command{
		Name: "a node", Program: slices.Concat(program, []string{"node", "--control", "--log-format", "json"}, args), Log: n.log})
	if err != nil {
		return nil, err
	}
	var r report
	if err := n.Receive(ctx, &r); err != nil {
		return nil, errors.Join(fmt.Errorf("start a node: %w", err), n.Kill())
	}
	n.id = r.Node
	return n, nil
}

// log passes events on. What else the node says is kept to be quoted.
func (n *node) log(line []byte) (taken bool) {
	var e event
	if json.Unmarshal(line, &e) != nil || e.Msg != "event" {
		return false
	}
	select {
	case n.events <- e:
	default: // nobody looks any more
	}
	return true
}

// report asks the node for its figures.
func (n *node) report(ctx context.Context) (r report, err error) {
	if err = n.Ask(ctx, "report", &r); err != nil {
		return r, fmt.Errorf("node %s: %w", n.id, err)
	}
	return r, nil
}

// errMissed means that what should have been noticed was not.
var errMissed = errors.New("not noticed in time")

// await waits for an event that fits. Others are passed over. What a node has logged before its end counts.
func (n *node) await(ctx context.Context, within time.Duration, fits func(event) bool) (event, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		select {
		case e := <-n.events:
			if fits(e) {
				return e, nil
			}
		case <-n.Done():
			for len(n.events) > 0 {
				if e := <-n.events; fits(e) {
					return e, nil
				}
			}
			return event{}, fmt.Errorf("node %s: %w", n.id, n.Err())
		case <-ctx.Done():
			return event{}, fmt.Errorf("node %s: %w (%v)", n.id, errMissed, within)
		}
	}
}

// is fits an event of a name and, if given, a direction.
func is(name, direction string) func(event) bool {
	return func(e event) bool { return e.Event == name && (direction == "" || e.Direction == direction) }
}

// now is the machine's monotonic clock, which nodes log by.
func now() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0, fmt.Errorf("read the monotonic clock: %w", err)
	}
	return time.Duration(ts.Nano()), nil
}
