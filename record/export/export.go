// Package export writes a recording as tables: CSV files, JSON lines, or a SQLite database, for pandas, DuckDB and
// whatever else reads those (docs/recording.md says what is in which table).
//
//	export.go   what is written, table by table
//	tables.go   the tables
//	files.go    as files: CSV and JSON lines
//	sqlite.go   as a database
package export

import (
	"context"
	"fmt"

	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
)

// sink takes rows, all tables at once. A row has a value for each column of its table.
type sink interface {
	row(t *table, values []record.Value) error
	close(complete bool) error // not complete: what was written is to be taken away
}

// Formats are those that To writes.
var Formats = []string{"sqlite", "csv", "jsonl"}

// To writes a recording. Out is a file that is not there yet for sqlite, and a directory, made if need be, for the
// others.
func To(ctx context.Context, r *recording.Reader, format, out string) (err error) {
	var s sink
	switch format {
	case "sqlite":
		s, err = newSQLite(ctx, out)
	case "csv":
		s, err = newFiles(out, "csv")
	case "jsonl":
		s, err = newFiles(out, "jsonl")
	default:
		err = fmt.Errorf("export: there is no format %q", format)
	}
	if err != nil {
		return err
	}
	e := exporter{ctx: ctx, r: r, sink: s}
	e.all()
	if closeErr := s.close(e.err == nil); e.err == nil {
		e.err = closeErr
	}
	return e.err
}

type exporter struct {
	ctx  context.Context //nolint:containedctx // of one call
	r    *recording.Reader
	sink sink
	err  error
	row  []record.Value
	m    record.Model
}

func (e *exporter) put(t *table, values ...record.Value) {
	if e.err == nil {
		e.err = e.sink.row(t, values)
	}
}

func (e *exporter) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

func (e *exporter) all() {
	e.about()
	e.fail(e.r.Updates(-1, record.MaxTime, func(u *record.Update) bool {
		e.fail(e.ctx.Err())
		if e.err == nil {
			e.fail(e.m.Apply(u))
		}
		if e.err == nil {
			e.update(u)
		}
		return e.err == nil
	}))
	if e.err == nil {
		e.fail(e.r.Transfers(-1, record.MaxTime, func(x *record.Transfer) bool {
			arrived := record.Value{}
			if x.Arrived != record.Never {
				arrived = seconds(x.Arrived)
			}
			e.put(&transfers, seconds(x.Left), arrived, count(x.From), count(x.To), count(x.App), record.NumberOf(float64(x.Seq)), count(x.Type), count(x.Bytes))
			return e.err == nil
		}))
	}
}

func seconds(t record.Time) record.Value { return record.NumberOf(t.Seconds()) }

func count(n uint32) record.Value { return record.NumberOf(float64(n)) }

func ref(r record.Ref) record.Value {
	if i, ok := r.Index(); ok {
		return count(i)
	}
	return record.Value{}
}

// about says what the recording is of.
func (e *exporter) about() {
	m, end := e.r.Meta(), e.r.End()
	say := func(key, value string) {
		if value != "" {
			e.put(&meta, record.TextOf(key), record.TextOf(value))
		}
	}
	complete, _ := e.r.Complete()
	say("title", m.Title)
	say("world", m.World)
	say("file", m.File)
	say("scenario", m.Scenario)
	say("program", m.Program)
	if m.Seed != nil {
		say("seed", fmt.Sprint(*m.Seed))
	}
	if m.Epoch != nil {
		say("epoch_unix_ms", fmt.Sprint(*m.Epoch))
	}
	say("end_s", fmt.Sprint(end.Ended.Seconds()))
	say("complete", fmt.Sprint(complete))
	say("dropped_transfers", fmt.Sprint(end.Dropped))
	for _, x := range end.Expectations {
		held := record.Value{Kind: record.BoolValue}
		if x.Held {
			held.Num = 1
		}
		e.put(&expectations, record.TextOf(x.Text), held)
	}
}

// update writes the nodes and links that an update has changed, as they stand after it.
func (e *exporter) update(u *record.Update) {
	at := seconds(u.T)
	for i := range u.Nodes {
		n, ok := e.m.Node(u.Nodes[i].I)
		if !ok {
			continue
		}
		e.put(&nodes, e.fields(at, n.Get, count(n.I))...)
		for k := range u.Nodes[i].Apps {
			app := u.Nodes[i].Apps[k].ID
			e.app(&nodeApps, at, n.Get, false, app, count(n.I))
		}
		for _, p := range u.Nodes[i].Metrics {
			if v, ok := p.Value.Get(); ok {
				e.put(&metrics, at, count(n.I), record.TextOf(p.Name), record.NumberOf(v))
			}
		}
	}
	for i := range u.Links {
		l, ok := e.m.Link(u.Links[i].F, u.Links[i].T)
		if !ok {
			continue
		}
		e.put(&links, e.fields(at, l.Get, count(l.F), count(l.T))...)
		for k := range u.Links[i].Apps {
			e.app(&linkApps, at, l.Get, true, u.Links[i].Apps[k].ID, count(l.F), count(l.T))
		}
	}
	for i := range u.Events {
		x := &u.Events[i]
		app := record.Value{}
		if x.App != 0 {
			app = count(x.App)
		}
		e.put(&events, seconds(x.T), record.TextOf(x.Kind), ref(x.Node), ref(x.Peer), app, record.TextOf(x.Text), record.TextOf(x.By))
	}
	for i := range u.States {
		x := &u.States[i]
		number, text, of := record.Value{}, record.Value{}, record.Value{}
		if x.Value.Kind == record.NumberValue {
			number = x.Value
		} else if x.Value.Kind != record.NoValue {
			text = record.TextOf(x.Value.Text)
		}
		if v, ok := x.Of.Get(); ok {
			of = record.NumberOf(v)
		}
		e.put(&states, seconds(x.T), count(x.Node), record.TextOf(x.Name), number, text, of)
	}
}

// fields are a row of a table of all fields; keys stand behind the time.
func (e *exporter) fields(at record.Value, get func(record.Path) record.Value, keys ...record.Value) []record.Value {
	e.row = append(append(e.row[:0], at), keys...)
	all := record.NodeFields
	if len(keys) == 2 {
		all = record.LinkFields
	}
	for _, p := range all() {
		e.value(p, get(p))
	}
	return e.row
}

// value adds a value to the row; a pair is two.
func (e *exporter) value(p record.Path, v record.Value) {
	switch {
	case p.Kind() == record.PairValue && v.Kind == record.NoValue:
		e.row = append(e.row, record.Value{}, record.Value{})
	case p.Kind() == record.PairValue:
		e.row = append(e.row, record.NumberOf(v.Num), record.NumberOf(v.Second))
	default:
		e.row = append(e.row, v)
	}
}

func (e *exporter) app(t *table, at record.Value, get func(record.Path) record.Value, ofLink bool, app uint32, keys ...record.Value) {
	e.row = append(append(append(e.row[:0], at), keys...), count(app))
	for _, p := range record.AppFields(ofLink, app) {
		e.value(p, get(p))
	}
	e.put(t, e.row...)
}
