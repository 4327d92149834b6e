package record

import "cmp"

// DiffNode is the patch that makes one full state of a node the other, and whether there is a difference.
func DiffNode(was, is *Node) (patch Node, changed bool) {
	patch.I = is.I
	changed = diffLeaves(nodeLeaves, &patch, was, is)
	if patch.Apps = diffApps(nodeAppLeaves, was.Apps, is.Apps); patch.Apps != nil {
		changed = true
	}
	walk(was.Metrics, is.Metrics, func(a, b Metric) int { return cmp.Compare(a.Name, b.Name) }, func(a, b *Metric) {
		switch {
		case b == nil:
			patch.Metrics = append(patch.Metrics, Metric{a.Name, Gone[float64]()})
		case a == nil || a.Value != b.Value:
			patch.Metrics = append(patch.Metrics, *b)
		}
	})
	return patch, changed || patch.Metrics != nil
}

// DiffLink is the patch that makes one full state of a link the other, and whether there is a difference.
func DiffLink(was, is *Link) (patch Link, changed bool) {
	patch.F, patch.T = is.F, is.T
	changed = diffLeaves(linkLeaves, &patch, was, is)
	patch.Apps = diffApps(linkAppLeaves, was.Apps, is.Apps)
	return patch, changed || patch.Apps != nil
}

func diffLeaves[T any](leaves []leaf[T], patch, was, is *T) (changed bool) {
	for i := range leaves {
		of := leaves[i].of
		p := of(patch)
		p.diff(of(was), of(is))
		changed = changed || p.presence() != absent
	}
	return changed
}

func diffApps(leaves []leaf[App], was, is []App) (patch []App) {
	walk(was, is, func(a, b App) int { return cmp.Compare(a.ID, b.ID) }, func(a, b *App) {
		switch {
		case b == nil:
			patch = append(patch, App{ID: a.ID, Gone: true})
		case a == nil:
			patch = append(patch, *b)
		default:
			p := App{ID: b.ID}
			if diffLeaves(leaves, &p, a, b) {
				patch = append(patch, p)
			}
		}
	})
	return patch
}

// walk goes through two sorted lists side by side; nil stands for what one of them does not have.
func walk[E any](a, b []E, compare func(E, E) int, fn func(a, b *E)) {
	for len(a) > 0 || len(b) > 0 {
		order := 0
		switch {
		case len(a) == 0:
			order = 1
		case len(b) == 0:
			order = -1
		default:
			order = compare(a[0], b[0])
		}
		switch {
		case order < 0:
			fn(&a[0], nil)
			a = a[1:]
		case order > 0:
			fn(nil, &b[0])
			b = b[1:]
		default:
			fn(&a[0], &b[0])
			a, b = a[1:], b[1:]
		}
	}
}
