package record

import (
	"cmp"
	"slices"
)

// Merge applies a patch of a node to its full state. The slices of the state are never shared with the patch, and
// change in place.
func (n *Node) Merge(patch *Node) {
	mergeLeaves(nodeLeaves, n, patch)
	n.Apps = mergeApps(nodeAppLeaves, n.Apps, patch.Apps, patch.NoApps)
	if patch.NoMetrics {
		n.Metrics = nil
		return
	}
	for _, m := range patch.Metrics {
		at, found := slices.BinarySearchFunc(n.Metrics, m.Name, func(m Metric, name string) int { return cmp.Compare(m.Name, name) })
		switch {
		case m.Value.IsZero():
		case found && m.Value.IsGone():
			n.Metrics = slices.Delete(n.Metrics, at, at+1)
		case found:
			n.Metrics[at].Value = m.Value
		case !m.Value.IsGone():
			n.Metrics = slices.Insert(n.Metrics, at, m)
		}
	}
}

// Merge applies a patch of a link to its full state, like that of a node.
func (l *Link) Merge(patch *Link) {
	mergeLeaves(linkLeaves, l, patch)
	l.Apps = mergeApps(linkAppLeaves, l.Apps, patch.Apps, patch.NoApps)
}

func mergeLeaves[T any](leaves []leaf[T], state, patch *T) {
	for i := range leaves {
		if p := leaves[i].of(patch); p.presence() != absent {
			leaves[i].of(state).merge(p)
		}
	}
}

func byApp(a App, id uint32) int { return cmp.Compare(a.ID, id) }

func mergeApps(leaves []leaf[App], state, patch []App, none bool) []App {
	if none {
		return nil
	}
	for i := range patch {
		p := &patch[i]
		at, found := slices.BinarySearchFunc(state, p.ID, byApp)
		switch {
		case p.Gone && found:
			state = slices.Delete(state, at, at+1)
			continue
		case p.Gone:
			continue
		case !found:
			state = slices.Insert(state, at, App{ID: p.ID})
		}
		mergeLeaves(leaves, &state[at], p)
	}
	return state
}

// clone shares nothing that changes.
func (n *Node) clone() Node {
	c := *n
	c.Apps, c.Metrics = slices.Clone(n.Apps), slices.Clone(n.Metrics)
	return c
}

func (l *Link) clone() Link {
	c := *l
	c.Apps = slices.Clone(l.Apps)
	return c
}
