package observer

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/metric"
	"github.com/ioverlay/ioverlay/record"
)

// apps gathers what the lanes and sessions of a report say of each application.
func (o *Observer) apps(s *algos.Status) (apps []record.App) {
	of := func(id uint32) *record.App {
		i, there := slices.BinarySearchFunc(apps, id, func(a record.App, id uint32) int { return cmp.Compare(a.ID, id) })
		if !there {
			if id == 0 || len(apps) == maxApps {
				return nil
			}
			apps = slices.Insert(apps, i, record.App{ID: id})
		}
		return &apps[i]
	}
	add := func(f *record.Field[float64], v float64) { *f = record.Set(f.Or(0) + v) }
	for i := range s.Upstream {
		l := &s.Upstream[i]
		a := of(l.App)
		switch {
		case a == nil:
		case l.From.IsZero():
			a.Source = record.Set(true)
		default:
			add(&a.In, float64(l.Rate))
			add(&a.Delivered, float64(l.Msgs))
			add(&a.Bytes, float64(l.Bytes))
			a.Weight = record.Number(max(l.Weight, 0)) // of the last: most nodes have one upstream of an application
		}
	}
	for i := range s.Downstream {
		if a := of(s.Downstream[i].App); a != nil {
			add(&a.Out, float64(s.Downstream[i].Rate))
		}
	}
	for i := range s.Sessions {
		ses := &s.Sessions[i]
		a := of(ses.App)
		if a == nil {
			continue
		}
		if ses.Joined {
			a.Joined = record.Set(true)
		}
		if src := o.byID[ses.Source]; src != nil {
			a.From = record.Number(src.index)
		}
	}
	return apps
}

// states are those that the algorithm has noted. "3 of 16" is a number.
func (o *Observer) states(m *member, of map[string]string) {
	n := 0
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if n++; n > maxMetrics || !metric.ValidName(name) {
			continue
		}
		st := record.State{T: o.now(), Node: m.index, Name: name}
		word := clean(of[name], maxName)
		st.Value = record.TextOf(word)
		if v, total, ok := strings.Cut(word, " of "); ok {
			have, err := strconv.ParseFloat(v, 64)
			all, err2 := strconv.ParseFloat(total, 64)
			if err == nil && err2 == nil {
				st.Value, st.Of = record.NumberOf(have), record.Set(all)
			}
		}
		if m.noted(name, word) {
			o.pending.States = append(o.pending.States, st)
		}
	}
}
