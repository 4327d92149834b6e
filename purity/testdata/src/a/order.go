package a

import (
	"maps"
	"slices"
	"sort"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

type Order struct {
	algos.Base
	peers map[core.NodeID]int
	table map[core.NodeID]*entry
	list  []core.NodeID
	sum   int
	load  float64
}

type entry struct{ seen bool }

func (o *Order) Sends(m *core.Msg) {
	for p := range o.peers { // want `map order: .*Send happens in its order`
		o.Send(m, p)
	}
	for p := range maps.Keys(o.peers) { // want `map order: `
		o.Send(m, p)
	}
	for p := range o.peers { // want `map order: .*tell sends`
		o.tell(m, p)
	}
	for _, p := range slices.Sorted(maps.Keys(o.peers)) {
		o.Send(m, p)
	}
}

func (o *Order) tell(m *core.Msg, p core.NodeID) { o.Send(m, p) }

func (o *Order) Timers() {
	for _, n := range o.peers { // want `map order: .*After happens`
		o.After(1, uint64(n))
	}
}

func (o *Order) Draws() (best core.NodeID) {
	for p := range o.peers { // want `map order: .*dice`
		if o.Rand().IntN(2) == 0 {
			delete(o.peers, p)
		}
	}
	for p := range o.peers { // want `map order: .*returns the first`
		return p
	}
	for p, n := range o.peers { // want `map order: .*best becomes`
		if n > 3 {
			best = p
		}
	}
	return best
}

func (o *Order) Appends() []core.NodeID {
	for p := range o.peers { // want `map order: .*o.list is filled`
		o.list = append(o.list, p)
	}
	var sorted []core.NodeID
	for p := range o.peers {
		sorted = append(sorted, p)
	}
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
	return sorted
}

func (o *Order) Breaks() (found bool) {
	for p := range o.peers { // want `map order: .*breaks off`
		delete(o.peers, p)
		if len(o.peers) < 10 {
			break
		}
	}
	for _, n := range o.peers {
		if n == 7 {
			found = true
			break
		}
	}
	return found
}

func (o *Order) Floats() {
	for _, e := range o.peers { // want `map order: .*floats are rounded`
		o.load += float64(e)
	}
}

func (o *Order) Callback(fn func(core.NodeID)) {
	for p := range o.peers { // want `map order: .*function value`
		fn(p)
	}
}

func (o *Order) Free() (most int, any bool) {
	copied := make(map[core.NodeID]int)
	for p, n := range o.peers {
		o.sum += n
		most = max(most, n)
		copied[p] = n
		if n == 0 {
			delete(o.peers, p)
			continue
		}
	}
	for _, n := range o.peers {
		if n > most {
			most = n
		}
	}
	for _, e := range o.table {
		e.seen = false
	}
	for _, n := range o.peers {
		if n == 1 {
			return 1, true
		}
	}
	return most, false
}
