package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Recording asks for a recording of a run (docs/recording.md). What it costs is a look at what has changed with each
// sample.
type Recording struct {
	Out io.Writer
	// Transfers asks for every message on every link: when it left and when it arrived. That is for virtual time: in
	// other worlds nobody sees both.
	Transfers bool
	Scenario  string // the text of the scenario's file
	Program   string // that runs it, with its version
}

// recorder writes what the driver sees. All of its methods do nothing on nil.
//
//	record.go            its life, and what it writes when
//	record_books.go      what it knows of nodes and links
//	record_events.go     what the timeline and nodes do
//	record_transfers.go  single messages
type recorder struct {
	mu     sync.Mutex // with a run that hangs, its goroutine may come back
	d      *driver
	o      *Recording
	w      *recording.Writer
	err    error
	began  bool
	closed bool
	last   record.Time

	nodes  []nodeBook
	links  []linkBook // by index in Run.Links
	events []record.Event
	states []record.State
	ways   *ways // nil: transfers are not recorded
	untold uint64
}

// newRecorder begins a recording; nil if none is asked for.
func newRecorder(p *spec.Plan, o *Options) (*recorder, error) {
	if o.Record == nil {
		return nil, nil //nolint:nilnil // there is none, which all methods know
	}
	if o.Record.Transfers && o.World != "sim" {
		return nil, fmt.Errorf("scenario: single transfers are recorded in virtual time only, and not in the %s world", o.World)
	}
	seed := p.Seed
	m := recording.Meta{Title: p.Name, World: o.World, Scenario: o.Record.Scenario, File: p.File, Seed: &seed, Every: p.Record.Every.Seconds(),
		Program: o.Record.Program, Transfers: o.Record.Transfers}
	if o.World != "sim" { // the same run in virtual time gives the same bytes, whenever it is
		epoch := time.Now().UnixMilli()
		m.Epoch = &epoch
	}
	w, err := recording.NewWriter(o.Record.Out, m, recording.Options{})
	if err != nil {
		return nil, err
	}
	r := &recorder{o: o.Record, w: w, nodes: make([]nodeBook, len(p.Nodes))}
	if o.Record.Transfers {
		r.ways = newWays(r)
	}
	return r, nil
}

func (r *recorder) attach(d *driver) {
	if r == nil {
		return
	}
	r.d = d
	if r.ways != nil {
		r.ways.attach(d)
	}
}

// lock takes the recorder for a method; false if there is none, or it has ended.
func (r *recorder) lock() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return false
	}
	return true
}

// begin writes everything as it is when the run begins.
func (r *recorder) begin() {
	if !r.lock() {
		return
	}
	defer r.mu.Unlock()
	r.began = true
	if w, ok := r.d.w.(interface{ Began() time.Duration }); ok && r.ways != nil {
		r.ways.base = w.Began()
	}
	r.all()
	r.flush(0)
}

// all has everything looked at.
func (r *recorder) all() {
	for i := range r.nodes {
		r.nodes[i].touched = true
	}
	r.grow()
	for i := range r.links {
		r.links[i].touched = true
	}
}

// sample writes what has changed since the last.
func (r *recorder) sample(at time.Duration) {
	if !r.lock() {
		return
	}
	defer r.mu.Unlock()
	r.rates()
	r.flush(at)
}

// flush writes what was touched, and what has happened.
func (r *recorder) flush(at time.Duration) {
	if !r.began {
		return
	}
	r.last = max(r.last, timeOf(at))
	u := record.Update{T: r.last, Events: r.events, States: r.states}
	for i := range r.nodes {
		if b := &r.nodes[i]; b.touched {
			b.touched = false
			now := r.node(i)
			if patch, changed := record.DiffNode(&b.told, &now); changed {
				u.Nodes = append(u.Nodes, patch)
				b.told = now
			}
		}
	}
	var order []int
	for i := range r.links {
		if r.links[i].touched {
			order = append(order, i)
		}
	}
	ends := r.d.out.Links
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(ends[a][:], ends[b][:]) })
	for _, i := range order {
		b := &r.links[i]
		b.touched = false
		now := r.link(i)
		if patch, changed := record.DiffLink(&b.told, &now); changed {
			u.Links = append(u.Links, patch)
			b.told = now
		}
	}
	if len(u.Nodes)+len(u.Links)+len(u.Events)+len(u.States) == 0 {
		return
	}
	slices.SortStableFunc(u.Events, func(a, b record.Event) int { return cmp.Compare(a.T, b.T) })
	slices.SortStableFunc(u.States, func(a, b record.State) int { return cmp.Compare(a.T, b.T) })
	r.fail(r.w.Update(&u))
	r.events, r.states = r.events[:0], r.states[:0]
}

func (r *recorder) fail(err error) {
	if r.err == nil && err != nil {
		r.err = err
	}
}

// close ends the recording. The error is the first that there was: the run went on without.
func (r *recorder) close() error {
	if !r.lock() {
		return nil
	}
	defer r.mu.Unlock()
	r.flush(r.d.w.Now())
	if r.ways != nil {
		r.ways.end()
	}
	if r.untold > 0 {
		r.event1(record.EventProblem, -1, r.d.w.Now(), fmt.Sprintf("%d failures that algorithms were told of are not among the events: there were more than %d at a node between two samples", r.untold, host.MaxTold))
		r.flush(r.d.w.Now())
	}
	r.closed = true
	out := r.d.out
	end := recording.End{Ended: max(r.last, timeOf(out.Ended)), Stopped: out.Stopped}
	for _, v := range out.Verdicts {
		end.Expectations = append(end.Expectations, recording.Expectation{Text: v.Expectation, Held: v.Held})
	}
	r.fail(r.w.Close(end))
	if r.err != nil {
		return fmt.Errorf("%w: %w", ErrRecording, r.err)
	}
	return nil
}

// timeOf is a time of the run. What happened before it began is of its beginning.
func timeOf(at time.Duration) record.Time { return min(max(record.At(at), 0), record.MaxTime) }

// ErrRecording means that a run could not be recorded, or not to its end. What was measured is good.
var ErrRecording = errors.New("scenario: the recording is not whole")
