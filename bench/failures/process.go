package failures

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
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
	id      string
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	reports *json.Decoder
	events  chan event
}

// startNode starts a node process, by prefix and program, and waits until it
// listens.
func startNode(ctx context.Context, program []string, args ...string) (*node, error) {
	args = append(append([]string(nil), program[1:]...), append([]string{"node", "--control", "--log-format", "json"}, args...)...)
	cmd := exec.CommandContext(ctx, program[0], args...)
	n := &node{cmd: cmd, events: make(chan event, 1<<12)}
	var err error
	if n.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("a node's standard input: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("a node's standard output: %w", err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("a node's log: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a node: %w", err)
	}
	said := make(chan string, 1)
	go n.readLog(stderr, said)
	n.reports = json.NewDecoder(stdout)
	var r report
	if err := n.reports.Decode(&r); err != nil {
		n.kill()
		return nil, fmt.Errorf("a node did not start: %w: %s", err, <-said)
	}
	n.id = r.Node
	return n, nil
}

// readLog passes events on, and whatever else the node said when it has ended.
func (n *node) readLog(r io.Reader, said chan<- string) {
	var other strings.Builder
	for s := bufio.NewScanner(r); s.Scan(); {
		var e event
		if json.Unmarshal(s.Bytes(), &e) == nil && e.Msg == "event" {
			select {
			case n.events <- e:
			default: // nobody looks any more
			}
		} else if other.Len() < 1<<12 {
			other.WriteString(s.Text() + "\n")
		}
	}
	said <- other.String()
	close(n.events)
}

// report asks the node for its figures.
func (n *node) report() (r report, err error) {
	if _, err := io.WriteString(n.stdin, "report\n"); err != nil {
		return r, fmt.Errorf("ask node %s: %w", n.id, err)
	}
	if err := n.reports.Decode(&r); err != nil {
		return r, fmt.Errorf("the report of node %s: %w", n.id, err)
	}
	return r, nil
}

// signal sends a signal to the process itself; below "ip netns exec" it is the
// same process.
func (n *node) signal(s syscall.Signal) error {
	if err := n.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal %v to node %s: %w", s, n.id, err)
	}
	return nil
}

// kill ends the process at once and waits for it.
func (n *node) kill() {
	_ = n.cmd.Process.Kill() // it may have ended
	_ = n.cmd.Wait()         // with the error that it was killed
}

// errMissed means that what should have been noticed was not.
var errMissed = errors.New("not noticed in time")

// await waits for an event that fits. Others are passed over.
func (n *node) await(ctx context.Context, within time.Duration, fits func(event) bool) (event, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		select {
		case e, ok := <-n.events:
			if !ok {
				return event{}, fmt.Errorf("node %s has ended", n.id)
			}
			if fits(e) {
				return e, nil
			}
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
