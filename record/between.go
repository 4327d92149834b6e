package record

// Between is the update that makes one model the other. What it says is at the time of the second.
func Between(was, is *Model) Update {
	u := Update{T: is.t}
	for i := range max(len(was.nodes), len(is.nodes)) {
		a, b := was.at(i), is.at(i)
		switch {
		case a == nil && b == nil:
		case b == nil:
			u.Nodes = append(u.Nodes, Node{I: uint32(i), Gone: true})
		case a == nil:
			u.Nodes = append(u.Nodes, b.clone())
		default:
			if patch, changed := DiffNode(a, b); changed {
				u.Nodes = append(u.Nodes, patch)
			}
		}
	}
	both(&was.links, &is.links, func(a, b *Link) {
		switch {
		case b == nil:
			u.Links = append(u.Links, Link{F: a.F, T: a.T, Gone: true})
		case a == nil:
			u.Links = append(u.Links, b.clone())
		default:
			if patch, changed := DiffLink(a, b); changed {
				u.Links = append(u.Links, patch)
			}
		}
	})
	both(&was.states, &is.states, func(a, b *State) {
		switch {
		case b == nil:
			u.States = append(u.States, State{T: is.t, Node: a.Node, Name: a.Name})
		case a == nil || *a != *b:
			u.States = append(u.States, *b)
		}
	})
	return u
}

func (m *Model) at(i int) *Node {
	if i < len(m.nodes) {
		return m.nodes[i]
	}
	return nil
}

// both goes through two of a kind side by side, in order; nil stands for what one of them does not have.
func both[K interface {
	comparable
	Compare(K) int
}, V any](a, b *sorted[K, V], fn func(a, b *V)) {
	a.tidy()
	b.tidy()
	walk(a.order, b.order, K.Compare, func(x, y *K) {
		var p, q *V
		if x != nil {
			p = a.of[*x]
		}
		if y != nil {
			q = b.of[*y]
		}
		fn(p, q)
	})
}
