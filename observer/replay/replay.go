// Package replay shows a recording where an overlay would be shown: it is an api.Source over a recording.Reader, so that
// the page and every client of the API replay what was recorded as they follow what is live.
package replay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
)

// Source is a recording. It is safe for concurrent use.
type Source struct {
	r    *recording.Reader
	meta api.Meta
	end  record.Time

	mu   sync.Mutex
	kept []*block // the last blocks that were looked at, the latest last
}

var _ api.Source = (*Source)(nil)

// block is a block of the recording, read.
type block struct {
	number  int
	once    sync.Once
	base    *record.Update
	updates []record.Update
	err     error

	withEvents sync.Once // they are added when somebody wants them
	eventsErr  error
}

// keptBlocks is how many blocks are kept: that around which somebody scrubs, and its neighbours. One takes some ten
// megabytes.
const keptBlocks = 4

// New shows a recording. Version is of this program.
func New(r *recording.Reader, version string) (*Source, error) {
	said, ended := r.Meta(), r.End()
	_, end := r.Span()
	s := &Source{r: r, end: end, meta: api.Meta{
		Mode: api.ModeRecording, Title: said.Title, Version: version, ReadOnly: true, End: end, Poll: record.FromSeconds(said.Every),
		Control: []string{}, Scenario: said.Scenario,
	}}
	if said.World == "sim" {
		s.meta.Mode = api.ModeSim
	}
	if blocks := r.Blocks(); said.World == "observer" && len(blocks) > 0 {
		s.meta.Begin = blocks[0].Begin // an observer's file may begin when another was full
	}
	if said.Epoch != nil {
		s.meta.EpochMS = *said.Epoch
	}
	for _, e := range ended.Expectations {
		s.meta.Expectations = append(s.meta.Expectations, api.Expectation(e))
	}
	for _, b := range r.Blocks() {
		s.meta.Has.Transfers = s.meta.Has.Transfers || b.Transfers > 0
		s.meta.Has.States = s.meta.Has.States || b.States > 0
	}
	u, err := s.Snapshot(context.Background(), api.Latest)
	if err != nil {
		return nil, err
	}
	s.meta.Nodes, s.meta.Links = len(u.Nodes), len(u.Links)
	s.meta.Has.Places = slices.ContainsFunc(u.Nodes, func(n record.Node) bool { return !n.Place.Lat.IsZero() })
	return s, nil
}

// Meta implements api.Source.
func (s *Source) Meta(context.Context) (api.Meta, error) { return s.meta, nil }

// block reads a block, or has it.
func (s *Source) block(number int) (*block, error) {
	s.mu.Lock()
	i := slices.IndexFunc(s.kept, func(b *block) bool { return b.number == number })
	b := &block{number: number}
	if i >= 0 {
		b = s.kept[i]
		s.kept = slices.Delete(s.kept, i, i+1)
	}
	if len(s.kept) == keptBlocks {
		s.kept = slices.Delete(s.kept, 0, 1)
	}
	s.kept = append(s.kept, b)
	s.mu.Unlock()
	b.once.Do(func() { b.base, b.updates, b.err = s.r.Content(number) }) // whoever else wants it waits, and others do not
	return b, b.err
}

// Snapshot implements api.Source.
func (s *Source) Snapshot(_ context.Context, at record.Time) (*record.Update, error) {
	at = min(at, max(s.end, 0))
	if at < 0 {
		return nil, fmt.Errorf("%w: a recording begins at 0 s", api.ErrNoHistory)
	}
	i := s.r.Block(at)
	if i < 0 {
		return &record.Update{T: at, Full: true}, nil
	}
	b, err := s.block(i)
	if err != nil {
		return nil, err
	}
	var m record.Model
	if err := m.Apply(b.base); err != nil {
		return nil, err
	}
	for k := range b.updates {
		if b.updates[k].T > at {
			break
		}
		if err := m.Apply(&b.updates[k]); err != nil {
			return nil, err
		}
	}
	u := m.Snapshot()
	u.T = at
	return &u, nil
}

// Updates implements api.Source.
func (s *Source) Updates(ctx context.Context, from, to record.Time, fn func(*record.Update) bool) error {
	blocks := s.r.Blocks()
	for i := max(s.r.Block(from), 0); i < len(blocks) && blocks[i].Begin <= to; i++ {
		if blocks[i].End <= from {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := s.block(i)
		if err != nil {
			return err
		}
		b.withEvents.Do(func() { b.eventsErr = s.r.AddEvents(i, b.updates) })
		if b.eventsErr != nil {
			return b.eventsErr
		}
		for k := range b.updates {
			if u := &b.updates[k]; u.T > from && u.T <= to && !fn(u) {
				return nil
			}
		}
	}
	return nil
}

// Events implements api.Source.
func (s *Source) Events(ctx context.Context, from, to record.Time, fn func(*record.Event) bool) error {
	blocks := s.r.Blocks()
	for i := range blocks {
		if b := &blocks[i]; b.Events == 0 || b.End < from || b.First > to {
			continue
		}
		var some []record.Event // failures are told with the next sample: within a block they are put in order
		if err := s.r.BlockEvents(i, func(e *record.Event) bool {
			if e.T >= from && e.T <= to {
				some = append(some, *e)
			}
			return ctx.Err() == nil
		}); err != nil {
			return err
		}
		for _, k := range inOrder(some) {
			if !fn(&some[k]) {
				return nil
			}
		}
	}
	return ctx.Err()
}

// inOrder are the places of events in the order of their times; those of one time stay as they are.
func inOrder(some []record.Event) []int32 {
	type place struct {
		t record.Time
		i int32
	}
	places := make([]place, len(some))
	for i := range some {
		places[i] = place{some[i].T, int32(i)}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(a.i, b.i)) })
	order := make([]int32, len(places))
	for k, p := range places {
		order[k] = p.i
	}
	return order
}

// States implements api.Source.
func (s *Source) States(ctx context.Context, from, to record.Time, fn func(*record.State) bool) error {
	if err := s.r.States(from-1, to, func(x *record.State) bool { return ctx.Err() == nil && fn(x) }); err != nil {
		return err
	}
	return ctx.Err()
}

// Series implements api.Source. A field that nobody has is a series without points.
func (s *Source) Series(ctx context.Context, q api.SeriesQuery) (api.Series, error) {
	var out api.Series
	field, second := q.Field, false
	if pair, ok := strings.CutSuffix(field, ".1"); ok {
		field, second = pair, true
	} else {
		field = strings.TrimSuffix(field, ".0")
	}
	p, ok := record.ParsePath(q.Link, field)
	if !ok {
		return out, nil
	}
	from, to := max(q.From, 0), min(q.To, s.end)
	err := s.r.Series(p, q.Link, q.Node, q.Peer, from, to, func(x recording.Point) bool {
		if second {
			x.V = x.Second
		}
		out.T, out.V = append(out.T, x.T), append(out.V, x.V)
		return ctx.Err() == nil
	})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return api.Series{}, err
	}
	if n := len(out.T); n > 0 && to > out.T[n-1] && out.V[n-1] == out.V[n-1] {
		out.T, out.V = append(out.T, to), append(out.V, out.V[n-1]) // it still is what it was
	}
	return out.Reduced(q.Points), nil
}

// Transfers implements api.Source: those that left after from and not after to.
func (s *Source) Transfers(ctx context.Context, from, to record.Time, limit int) (out record.Transfers, err error) {
	if out.Total, err = s.r.CountTransfers(from, to); err != nil {
		return out, err
	}
	err = s.r.Transfers(from, to, func(x *record.Transfer) bool {
		if len(out.List) >= limit {
			return false
		}
		out.List = append(out.List, *x)
		return ctx.Err() == nil
	})
	slices.SortStableFunc(out.List, func(a, b record.Transfer) int { return cmp.Compare(a.Left, b.Left) })
	if err == nil {
		err = ctx.Err()
	}
	return out, err
}

// Log implements api.Source: the events, as lines.
func (s *Source) Log(ctx context.Context, limit int) ([]api.LogLine, error) {
	var last []record.Event
	for i := len(s.r.Blocks()) - 1; i >= 0 && len(last) < limit; i-- {
		var some []record.Event
		if err := s.r.BlockEvents(i, func(e *record.Event) bool { some = append(some, *e); return ctx.Err() == nil }); err != nil {
			return nil, err
		}
		last = append(some, last...)
	}
	last = last[max(len(last)-limit, 0):]
	end, err := s.Snapshot(ctx, api.Latest)
	if err != nil {
		return nil, err
	}
	who := make(map[uint32]*record.Node, len(end.Nodes))
	for i := range end.Nodes {
		who[end.Nodes[i].I] = &end.Nodes[i]
	}
	lines := make([]api.LogLine, 0, len(last))
	for _, e := range last {
		line := api.LogLine{T: e.T, Kind: e.Kind, By: e.By, Text: e.Text}
		if i, ok := e.Node.Index(); ok && who[i] != nil {
			line.Node, line.Name = who[i].ID.Or(""), who[i].Name.Or("")
		}
		lines = append(lines, line)
	}
	return lines, ctx.Err()
}
