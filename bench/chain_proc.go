package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioverlay/ioverlay/bench/probe"
)

// procChain is a chain of operating-system processes, one a node: the paper's
// own set-up. Each is the command "ioverlay node" with its defaults, and talks
// to this process through its --control protocol: a command a line on standard
// input, a JSON object a line on standard output.
type procChain struct {
	nodes []*nodeProcess // from first to last
	spec  Spec
	lost  uint64 // known after Drain
	last  NodeReport
}

// NodeReport is what a node process says of itself.
type NodeReport struct {
	Node       string  `json:"node"`                  // address and port
	Sent       uint64  `json:"sent"`                  // messages that its source produced
	Messages   uint64  `json:"messages"`              // that its sink took
	Bytes      uint64  `json:"bytes"`                 // of payload, of those
	Forwarded  uint64  `json:"forwarded"`             // messages of others that it sent on, a copy for each downstream
	Lost       uint64  `json:"lost"`                  // all that is known to be lost here: LostOut, and Missing or LostIn
	Missing    uint64  `json:"missing"`               // sequence numbers missing at its sink
	LostOut    uint64  `json:"lost_out"`              // accepted for a downstream and not delivered: refused, queued, emulated
	LostIn     uint64  `json:"lost_in"`               // received and not switched
	Refused    uint64  `json:"refused"`               // messages not acted on because of where they came from
	LogDropped uint64  `json:"log_dropped"`           // log lines that nobody read in time
	OutOfOrder uint64  `json:"out_of_order"`          // at its sink
	Corrupt    uint64  `json:"corrupt"`               // at its sink, among the sampled
	CPUSeconds float64 `json:"cpu_seconds"`           // user and system, of the process
	RSSPeak    int64   `json:"rss_peak_bytes"`        // of the process
	LatencyHDR string  `json:"latency_hdr,omitempty"` // HdrHistogram V2, compressed, base64; ns
}

// nodeProcess is one running "ioverlay node".
type nodeProcess struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
	addr  string
}

// reportBytes bounds a line of a node process: a latency histogram is some tens
// of kilobytes.
const reportBytes = 4 << 20

func buildProc(ctx context.Context, s Spec) (Chain, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	c := &procChain{spec: s, nodes: make([]*nodeProcess, s.Nodes)}
	downstream := ""
	for i := s.Nodes - 1; i >= 0; i-- {
		n, err := startNode(ctx, program, nodeArgs(s, i, downstream))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start node %d of %d: %w", i+1, s.Nodes, err), c.Close())
		}
		c.nodes[i], downstream = n, n.addr
	}
	return c, nil
}

// nodeArgs is the command line of node i of the chain.
func nodeArgs(s Spec, i int, downstream string) []string {
	args := []string{"node", "--control", "--listen", "127.0.0.1:0", "--algorithm", "relay"}
	if i < s.Nodes-1 {
		args = append(args, "--downstream", downstream)
	} else {
		args = append(args, "--sink")
		if s.Pass == PassLatency {
			args = append(args, "--latency", "--latency-warmup", s.Warmup.String())
		}
	}
	if i == 0 {
		kind := "back-to-back"
		if s.Pass == PassLatency {
			kind = "rate:" + strconv.FormatFloat(s.RatePerSecond, 'f', -1, 64)
		}
		args = append(args, "--source", kind, "--app", strconv.Itoa(probe.App), "--payload", strconv.Itoa(s.PayloadBytes))
	}
	return args
}

// startNode starts a node and waits until it says where it listens.
func startNode(ctx context.Context, program string, args []string) (*nodeProcess, error) {
	cmd := exec.Command(program, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	n := &nodeProcess{cmd: cmd, in: in, lines: bufio.NewScanner(out)}
	n.lines.Buffer(nil, reportBytes)
	r, err := n.report()
	if err != nil {
		return nil, errors.Join(err, n.kill())
	}
	if ctx.Err() != nil {
		return nil, errors.Join(context.Cause(ctx), n.kill())
	}
	n.addr = r.Node
	return n, nil
}

// ask sends a command whose answer is a report.
func (n *nodeProcess) ask(command string) error {
	if _, err := io.WriteString(n.in, command+"\n"); err != nil {
		return fmt.Errorf("tell node %s to %s: %w", n.addr, command, err)
	}
	return nil
}

// report reads the next answer.
func (n *nodeProcess) report() (r NodeReport, err error) {
	if !n.lines.Scan() {
		return r, fmt.Errorf("node %s ended without an answer: %w", n.addr, errors.Join(n.lines.Err(), io.ErrUnexpectedEOF))
	}
	if err := json.Unmarshal(n.lines.Bytes(), &r); err != nil {
		return r, fmt.Errorf("answer of node %s: %w", n.addr, err)
	}
	return r, nil
}

func (n *nodeProcess) kill() error {
	killErr := n.cmd.Process.Kill()
	if errors.Is(killErr, os.ErrProcessDone) {
		killErr = nil
	}
	var exit *exec.ExitError
	if err := n.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return errors.Join(killErr, err)
	}
	return killErr
}

// Snapshot implements Chain. All nodes are asked before the first answer is
// read, so that they answer at about the same time.
func (c *procChain) Snapshot() (s Snapshot, err error) {
	for _, n := range c.nodes {
		if err := n.ask("report"); err != nil {
			return s, err
		}
	}
	for i, n := range c.nodes {
		r, err := n.report()
		if err != nil {
			return s, err
		}
		s.CPU += time.Duration(r.CPUSeconds * float64(time.Second))
		s.RSSPeak += r.RSSPeak
		if i == len(c.nodes)-1 {
			s.Messages, s.OutOfOrder, s.Corrupt = r.Messages, r.OutOfOrder, r.Corrupt
			s.Lost = max(r.Missing, c.lost)
			c.last = r
		}
	}
	return s, nil
}

// Drain implements Chain.
func (c *procChain) Drain(ctx context.Context) error {
	first := c.nodes[0]
	if err := first.ask("stop-source"); err != nil {
		return err
	}
	r, err := first.report()
	if err != nil {
		return err
	}
	for {
		now, err := c.Snapshot()
		if err != nil {
			return err
		}
		if c.lost = r.Sent - min(r.Sent, now.Messages); c.lost == 0 {
			return nil
		}
		if err := pause(ctx, glance); err != nil {
			return errors.Join(err, fmt.Errorf("%d of %d messages did not arrive", c.lost, r.Sent))
		}
	}
}

// Latency implements Chain.
func (c *procChain) Latency() *hdrhistogram.Histogram {
	h, err := hdrhistogram.Decode([]byte(c.last.LatencyHDR))
	if err != nil {
		panic(fmt.Sprintf("bench: a node's latency histogram: %v", err)) // both ends are this program
	}
	return h
}

// Close implements Chain: each node stops gracefully when its input ends.
func (c *procChain) Close() (err error) {
	for _, n := range c.nodes {
		if n != nil {
			err = errors.Join(err, n.in.Close())
		}
	}
	for _, n := range c.nodes {
		if n == nil {
			continue
		}
		if waitErr := waitOrKill(n.cmd); waitErr != nil {
			err = errors.Join(err, fmt.Errorf("node %s: %w", n.addr, waitErr))
		}
	}
	return err
}

// stopWait is how long a node may take to stop before it is killed.
const stopWait = 15 * time.Second

func waitOrKill(cmd *exec.Cmd) error {
	timer := time.AfterFunc(stopWait, func() { _ = cmd.Process.Kill() }) // Wait says that it was killed
	defer timer.Stop()
	return cmd.Wait()
}
