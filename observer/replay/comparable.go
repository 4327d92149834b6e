package replay

import (
	"context"
	"fmt"

	"github.com/ioverlay/ioverlay/observer/api"
)

// Comparable says why two recordings cannot be compared node by node, or "": they can if they have the same names at the
// same indices. Their time is one anyway, since each begins at 0.
func Comparable(ctx context.Context, a, b *Source) (why string, err error) {
	x, err := a.Snapshot(ctx, api.Latest)
	if err != nil {
		return "", err
	}
	y, err := b.Snapshot(ctx, api.Latest)
	if err != nil {
		return "", err
	}
	if len(x.Nodes) != len(y.Nodes) {
		return fmt.Sprintf("one has %d nodes and the other %d", len(x.Nodes), len(y.Nodes)), nil
	}
	for i := range x.Nodes {
		if m, n := &x.Nodes[i], &y.Nodes[i]; m.I != n.I || m.Name != n.Name {
			return fmt.Sprintf("node %d is %q in one and %q in the other", m.I, m.Name.Or(""), n.Name.Or("")), nil
		}
	}
	return "", nil
}
