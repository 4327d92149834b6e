package recording

import "github.com/ioverlay/ioverlay/record"

// split makes updates of one that name no node, link or state twice, so that within one the order of what it says does
// not matter. Almost always it is the update itself.
func split(u *record.Update) []record.Update {
	if ascends(u.Nodes, nodeKey) && ascends(u.Links, linkKey) && len(u.States) < 2 {
		return []record.Update{*u} // as those who gather things node by node say them
	}
	nodes, links, states := repeats(u.Nodes, nodeKey), repeats(u.Links, linkKey), repeats(u.States, stateKey)
	parts := max(len(nodes), len(links), len(states), 1)
	out := make([]record.Update, parts)
	for i := range out {
		out[i].T = u.T
		if i < len(nodes) {
			out[i].Nodes = nodes[i]
		}
		if i < len(links) {
			out[i].Links = links[i]
		}
		if i < len(states) {
			out[i].States = states[i]
		}
	}
	out[0].Events = u.Events
	return out
}

func nodeKey(n *record.Node) uint64 { return uint64(n.I) }

func linkKey(l *record.Link) uint64 { return uint64(l.F)<<32 | uint64(l.T) }

type nameOf struct {
	node uint32
	name string
}

func stateKey(s *record.State) nameOf { return nameOf{s.Node, s.Name} }

func ascends[V any](all []V, key func(*V) uint64) bool {
	for i := 1; i < len(all); i++ {
		if key(&all[i-1]) >= key(&all[i]) {
			return false
		}
	}
	return true
}

// repeats cuts a list where a key comes again.
func repeats[K comparable, V any](all []V, key func(*V) K) (parts [][]V) {
	if len(all) < 2 {
		return [][]V{all}
	}
	seen := make(map[K]struct{}, len(all))
	from := 0
	for i := range all {
		k := key(&all[i])
		if _, again := seen[k]; again {
			parts = append(parts, all[from:i])
			from = i
			clear(seen)
		}
		seen[k] = struct{}{}
	}
	return append(parts, all[from:])
}
