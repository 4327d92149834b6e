package failures

import (
	"context"
	"fmt"
	"time"
)

// slack is how long anything may take that is not measured: processes start, links
// open, a busy machine gets round to it.
const slack = 20 * time.Second

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
		r, err := nodes[len(nodes)-1].report(ctx)
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
			_ = n.Kill() // of a process that is there no error is known
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
