package failures

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
)

// nets is two network namespaces, joined by a third that bridges them, so that a
// cut in the middle is silent: neither end's own interface goes down.
//
//	left (10.77.0.1) ── middle: l0, r0 in a bridge ── right (10.77.0.2)
type nets struct{ left, middle, right string }

const (
	leftAddr  = "10.77.0.1"
	rightAddr = "10.77.0.2"
)

var netsMade atomic.Int64 // names of one process must differ

// newNets makes the namespaces. An error says what the system does not permit.
func newNets(ctx context.Context) (*nets, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("network namespaces need root")
	}
	base := fmt.Sprintf("iov%d-%d", os.Getpid(), netsMade.Add(1))
	n := &nets{left: base + "l", middle: base + "m", right: base + "r"}
	for _, c := range []string{
		"netns add " + n.left, "netns add " + n.middle, "netns add " + n.right,
		"-n " + n.middle + " link add br0 type bridge",
		"-n " + n.middle + " link set br0 up",
		"-n " + n.left + " link add eth0 type veth peer name l0 netns " + n.middle,
		"-n " + n.right + " link add eth0 type veth peer name r0 netns " + n.middle,
		"-n " + n.middle + " link set l0 master br0", "-n " + n.middle + " link set r0 master br0",
		"-n " + n.middle + " link set l0 up", "-n " + n.middle + " link set r0 up",
		"-n " + n.left + " addr add " + leftAddr + "/24 dev eth0", "-n " + n.right + " addr add " + rightAddr + "/24 dev eth0",
		"-n " + n.left + " link set eth0 up", "-n " + n.right + " link set eth0 up",
		"-n " + n.left + " link set lo up", "-n " + n.right + " link set lo up",
	} {
		if err := run(ctx, "ip", c); err != nil {
			n.close()
			return nil, err
		}
	}
	return n, nil
}

func (n *nets) close() {
	for _, ns := range []string{n.left, n.middle, n.right} {
		_ = run(context.Background(), "ip", "netns del "+ns) // it may never have been made
	}
}

// in is how a program is run in a namespace.
func in(ns string, program []string) []string {
	return append([]string{"ip", "netns", "exec", ns}, program...)
}

// cut takes the middle of the link away, in both directions.
func (n *nets) cut(ctx context.Context) error {
	return run(ctx, "ip", "-n "+n.middle+" link set r0 nomaster")
}

// lose makes the middle lose packets at random, in both directions.
func (n *nets) lose(ctx context.Context, percent int) error {
	for _, dev := range []string{"l0", "r0"} {
		if err := run(ctx, "tc", fmt.Sprintf("-n %s qdisc add dev %s root netem loss %d%%", n.middle, dev, percent)); err != nil {
			return err
		}
	}
	return nil
}

// join undoes cut.
func (n *nets) join(ctx context.Context) error {
	return run(ctx, "ip", "-n "+n.middle+" link set r0 master br0")
}

func run(ctx context.Context, program, args string) error {
	out, err := exec.CommandContext(ctx, program, strings.Fields(args)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, args, err, strings.TrimSpace(string(out)))
	}
	return nil
}
