package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/observer"
	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/record"
)

// Options of a running observer; the zero value listens on a port of 127.0.0.1 that the system chooses.
type Options struct {
	Listen    string        // address that nodes are given
	Advertise string        // the address that they reach, if it is another
	Title     string        // of the page; "" means one with the address
	Version   string        // of the program
	Poll      time.Duration // 0 means observer.DefaultPoll
	Hosts     int           // that a boot reply names; 0 means observer.DefaultHosts
	Nodes     int           // that can be known; 0 means observer.DefaultNodes

	// History is how much memory what was may take, in bytes; 0 means 64 MiB.
	History int

	// StateFile, if set, keeps which nodes are there: an observer that starts with the same file asks them at once.
	StateFile string

	// LogTo, if set, gets the log as JSON lines: trace lines, failures and orders.
	LogTo io.Writer

	// Record says where StartRecording records; without a File it refuses. Record itself takes what it is given.
	Record RecordOptions

	Links engine.Links // how nodes are reached; Mem is for tests
	Log   *slog.Logger // nil is silence
}

// DefaultHistory is how much memory what was may take.
const DefaultHistory = 64 << 20

// Live is an observer that runs. It is safe for concurrent use.
type Live struct {
	o     Options
	eng   *engine.Engine
	node  *engine.Node
	obs   *observer.Observer
	store *store
	book  *logbook
	epoch time.Duration // by the machine's clock
	began time.Time

	remembering *remembering

	recorder  atomic.Pointer[Recorder] // the last one; nil: there was none
	recording sync.Mutex               // held by who begins or ends one
	ended     bool                     // no more are begun
	spoilt    error                    // the first that went wrong with one before the last
}

// Start starts an observer.
func Start(o Options) (*Live, error) {
	if o.History == 0 {
		o.History = DefaultHistory
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	known, err := remembered(o.StateFile)
	if err != nil {
		return nil, err
	}
	idle := core.DefaultIdleTimeout
	if o.Poll > idle/2 {
		idle = 2 * o.Poll // links to nodes stay from poll to poll
	}
	eng, err := engine.New(engine.Options{Loops: 1, Links: o.Links, Log: o.Log, Core: core.Config{IdleTimeout: idle}})
	if err != nil {
		return nil, fmt.Errorf("observer: start the engine: %w", err)
	}
	l := &Live{o: o, eng: eng, epoch: eng.Options().Epoch, began: time.Now()}
	l.book = newLogbook(o.LogTo)
	l.store = newStore(o.History)
	l.obs = observer.New(observer.Options{
		Hosts: o.Hosts, Poll: o.Poll, Nodes: o.Nodes, Known: known, Tell: l.store.tell, Log: l.book.line,
	})
	eng.AllUp()
	if l.node, err = eng.AddNode(l.obs, engine.NodeOptions{Listen: o.Listen, Advertise: o.Advertise}); err != nil {
		eng.Close()
		l.store.close()
		l.book.close()
		return nil, fmt.Errorf("observer: %w", err)
	}
	l.remembering = l.remember()
	return l, nil
}

// ID is the address that nodes are given.
func (l *Live) ID() core.NodeID { return l.node.ID() }

// Done is closed when the observer has ended by itself.
func (l *Live) Done() <-chan struct{} { return l.node.Done() }

// Crash says why it has, or is nil.
func (l *Live) Crash() error {
	if c := l.node.Crash(); c != nil {
		return fmt.Errorf("observer: a panic: %v\n%s", c.Value, c.Stack)
	}
	return nil
}

// Close ends the observer, and what it records.
func (l *Live) Close() error {
	err := errors.Join(l.endRecording(), l.remembering.close())
	l.eng.Close()
	l.store.close()
	l.book.close()
	return err
}

// now is the time of the observer's world.
func (l *Live) now() record.Time { return record.At(engine.Clock() - l.epoch) }

// Counts are what the observer has counted.
func (l *Live) Counts() (c observer.Counts, err error) {
	err = l.node.Do(func(*core.Node) { c = l.obs.Counts() })
	return c, err
}

// Meta implements api.Source.
func (l *Live) Meta(context.Context) (api.Meta, error) {
	title := l.o.Title
	if title == "" {
		title = "observer " + l.ID().String()
	}
	nodes, links, begin, places := l.store.meta()
	now := l.now()
	return api.Meta{
		Mode: api.ModeLive, Title: title, Version: l.o.Version, Begin: begin, End: now,
		EpochMS: time.Now().Add(-now.Duration()).UnixMilli(), Poll: record.At(l.obs.Poll()), Nodes: nodes, Links: links,
		Control: observer.Actions, Has: api.Has{States: true, Places: places}, Observer: l.ID().String(),
	}, nil
}

// Control implements api.Controller.
func (l *Live) Control(_ context.Context, c *observer.Command, by string) ([]observer.Result, error) {
	var results []observer.Result
	var bad error
	if err := l.node.Do(func(*core.Node) { results, bad = l.obs.Control(c, by) }); err != nil {
		if errors.Is(err, engine.ErrClosed) {
			return nil, fmt.Errorf("observer: it has ended: %w", err)
		}
		return nil, err
	}
	l.book.control(l.now(), c, by, results, bad)
	return results, bad
}

// Log implements api.Source.
func (l *Live) Log(_ context.Context, limit int) ([]api.LogLine, error) {
	return l.book.last(limit), nil
}

// Transfers implements api.Source: an observer sees no single messages.
func (l *Live) Transfers(context.Context, record.Time, record.Time, int) (record.Transfers, error) {
	return record.Transfers{}, nil
}

// Figures are for api.Options.Collect.
func (l *Live) Figures() []api.Figure {
	c, err := l.Counts()
	if err != nil {
		return nil
	}
	counter := func(name, help string, v uint64) api.Figure {
		return api.Figure{Name: "ioverlay_observer_" + name + "_total", Help: help, Value: float64(v), Counter: true}
	}
	var recorded []api.Figure
	if r := l.recorder.Load(); r != nil {
		failed := 0.0
		if r.bad.Load() {
			failed = 1
		}
		recorded = []api.Figure{
			counter("recording_lost", "Updates that are not in the recording.", r.lost.Load()),
			{Name: "ioverlay_observer_recording_bytes", Help: "Bytes of the recording's file.", Value: float64(r.bytes.Load())},
			{Name: "ioverlay_observer_recording_failed", Help: "1 if nothing is recorded any more because of an error.", Value: failed},
		}
	}
	return append([]api.Figure{
		counter("polls", "Requests for a status that were sent.", c.Polls),
		counter("reports", "Reports of nodes that were understood.", c.Reports),
		counter("stray_reports", "Reports that nobody had asked for.", c.Stray),
		counter("malformed", "Reports and boots that made no sense.", c.Malformed),
		counter("boots", "Boot messages.", c.Boots),
		counter("traces", "Trace lines that were told.", c.Traces),
		counter("dropped", "What went over a limit: trace lines, events, links, nodes.", c.Dropped),
		counter("controls", "Orders that were sent to a node.", c.Controls),
		counter("log_lines_lost", "Lines of the log that could not be written.", l.book.lostLines()),
		{Name: "ioverlay_observer_history_bytes", Help: "Memory of what was.", Value: float64(l.store.historyBytes())},
		{Name: "ioverlay_observer_history_seconds", Help: "How far back that goes.", Value: math.Max(0, (l.now() - l.store.begin()).Seconds())},
		{Name: "ioverlay_observer_candidates", Help: "Nodes that were heard of and have not answered.", Value: float64(c.Candidates)},
		{Name: "ioverlay_observer_reporters", Help: "Processes whose nodes report together.", Value: float64(c.Reporters)},
	}, recorded...)
}
