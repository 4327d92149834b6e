package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioverlay/ioverlay/bench/traffic"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/internal/nodereport"
	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// procChain is a chain of operating-system processes, one a node: the paper's
// own set-up. Each is the command "ioverlay node" with its defaults, but that links go
// by TCP unless shm is set, and talks
// to this process through its --control protocol: a command a line on standard
// input, a JSON object a line on standard output.
type procChain struct {
	nodes []*nodeProcess // from first to last
	spec  Spec
	lost  uint64 // known after Drain
	last  nodereport.Report
}

// nodeProcess is one running "ioverlay node".
type nodeProcess struct {
	*subprocess.Process
	addr string
}

func buildProc(ctx context.Context, s Spec) (Chain, error) { return buildProcesses(ctx, s, false) }

func buildShm(ctx context.Context, s Spec) (Chain, error) { return buildProcesses(ctx, s, true) }

func buildProcesses(ctx context.Context, s Spec, shm bool) (Chain, error) {
	c := &procChain{spec: s, nodes: make([]*nodeProcess, s.Nodes)}
	downstream, epoch := "", engine.Clock() // one clock for all, which the latency pass needs
	for i := s.Nodes - 1; i >= 0; i-- {
		n, err := startNode(ctx, fmt.Sprintf("node %d of %d", i+1, s.Nodes), nodeArgs(s, i, downstream, epoch, shm))
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.nodes[i], downstream = n, n.addr
	}
	return c, nil
}

// nodeArgs is the command line of node i of the chain.
func nodeArgs(s Spec, i int, downstream string, epoch time.Duration, shm bool) []string {
	args := []string{"node", "--control", "--listen", "127.0.0.1:0", "--algorithm", "relay",
		"--epoch", strconv.FormatInt(int64(epoch), 10), "--shm=" + strconv.FormatBool(shm)}
	if i < s.Nodes-1 {
		args = append(args, "--downstream", downstream)
	} else {
		args = append(args, "--sink", "--check-every", strconv.Itoa(traffic.SampleEvery))
		if s.Pass == PassLatency {
			args = append(args, "--latency", "--latency-warmup", s.Warmup.String())
		}
	}
	if i == 0 {
		kind := "back-to-back"
		if s.Pass == PassLatency {
			kind = "rate:" + strconv.FormatFloat(s.RatePerSecond, 'f', -1, 64)
		}
		args = append(args, "--source", kind, "--app", strconv.Itoa(traffic.App), "--payload", strconv.Itoa(s.PayloadBytes))
	}
	return args
}

// stopWait is how long a node may take to stop before it is killed.
const stopWait = 15 * time.Second

// startNode starts a node and waits until it says where it listens. It belongs to the group of this process, which is a
// point's: whoever ends the point ends its nodes.
func startNode(ctx context.Context, name string, args []string) (*nodeProcess, error) {
	program, err := subprocess.Self(args...)
	if err != nil {
		return nil, err
	}
	child, err := subprocess.Start(context.WithoutCancel(ctx), subprocess.Command{
		Name: name, Program: program, Group: subprocess.ParentsGroup, Grace: stopWait})
	if err != nil {
		return nil, err
	}
	var r nodereport.Report
	if err := child.Receive(ctx, &r); err != nil {
		return nil, errors.Join(err, child.Kill())
	}
	return &nodeProcess{child, r.Node}, nil
}

// Snapshot implements Chain. All nodes are asked before the first answer is
// read, so that they answer at about the same time.
func (c *procChain) Snapshot() (s Snapshot, err error) {
	for _, n := range c.nodes {
		if err := n.SendLine("report"); err != nil {
			return s, err
		}
	}
	for i, n := range c.nodes {
		var r nodereport.Report
		if err := n.Receive(context.Background(), &r); err != nil {
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
	var r nodereport.Report
	if err := c.nodes[0].Ask(ctx, "stop-source", &r); err != nil {
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
func (c *procChain) Close() error {
	errs := make([]error, len(c.nodes))
	var all sync.WaitGroup
	for i, n := range c.nodes {
		if n != nil {
			all.Go(func() { errs[i] = n.Process.Close() })
		}
	}
	all.Wait()
	return errors.Join(errs...)
}
