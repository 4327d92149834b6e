package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/ioverlay/ioverlay/observer"
	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/record"
)

// fake is a Source with three nodes and two links that change as the test says. It keeps all updates.
type fake struct {
	mu      sync.Mutex
	model   record.Model
	all     []*record.Update
	subs    []*fakeSub
	ordered []observer.Command
	by      string
	rec     api.Recording
}

func newFake() *fake {
	f := &fake{}
	u := &record.Update{T: 1e9}
	for i := range uint32(3) {
		u.Nodes = append(u.Nodes, record.Node{
			I: i, ID: record.Set(fmt.Sprintf("10.0.0.%d:7000", i+1)), Name: record.Set(fmt.Sprintf("n%d", i)), Up: record.Set(true),
			Place: record.Place{Lat: record.Set(52.5), Lon: record.Set(13.4), Label: record.Set("Berlin")},
			In:    record.Set(float64(i)), Lost: record.Lost{Out: record.Set(record.Pair{1, 2})}, Extra: record.Set(record.JSON(`{"depth":3}`)),
			Metrics: []record.Metric{{Name: "lookups", Value: record.Set(17.0)}}, Process: record.Process{CPU: record.Set(0.5), RSS: record.Set(1e7)},
			Apps: []record.App{{ID: 1, Joined: record.Set(true), In: record.Set(5.0)}},
		})
	}
	u.Links = []record.Link{
		{F: 0, T: 1, Up: record.Set(true), Rate: record.Set(100.0), Cap: record.Set(200.0), Apps: []record.App{{ID: 1, Rate: record.Set(100.0)}}},
		{F: 1, T: 2, Up: record.Set(false), Rate: record.Set(0.0)},
	}
	u.Events = []record.Event{{T: 1e9, Kind: record.EventUp, Node: record.To(0)}, {T: 1e9, Kind: record.EventTrace, Node: record.To(1), Text: "<b>hello</b>"}}
	u.States = []record.State{{T: 1e9, Node: 2, Name: "chunks", Value: record.NumberOf(3), Of: record.Set(16.0)}}
	f.put(u)
	return f
}

// put adds an update.
func (f *fake) put(u *record.Update) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.model.Apply(u); err != nil {
		panic(err)
	}
	f.all = append(f.all, u)
	for _, s := range f.subs {
		s.put(u)
	}
}

// rate is an update that sets what a node receives.
func rate(t record.Time, node uint32, in float64) *record.Update {
	return &record.Update{T: t, Nodes: []record.Node{{I: node, In: record.Set(in)}}}
}

func (f *fake) Meta(context.Context) (api.Meta, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	nodes, links := f.model.Len()
	return api.Meta{Mode: api.ModeLive, Title: "a test", Version: "v", Begin: 0, End: f.model.Time(), Poll: 1e9, Nodes: nodes, Links: links,
		Control: observer.Actions, Has: api.Has{States: true, Places: true}}, nil
}

func (f *fake) Snapshot(_ context.Context, at record.Time) (*record.Update, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at < 0 {
		return nil, fmt.Errorf("%w: %v", api.ErrNoHistory, at)
	}
	var m record.Model
	for _, u := range f.all {
		if u.T <= at {
			if err := m.Apply(u); err != nil {
				return nil, err
			}
		}
	}
	s := m.Snapshot()
	return &s, nil
}

func (f *fake) Updates(_ context.Context, from, to record.Time, fn func(*record.Update) bool) error {
	f.mu.Lock()
	all := f.all
	f.mu.Unlock()
	for _, u := range all {
		if u.T > from && u.T <= to && !fn(u) {
			break
		}
	}
	return nil
}

func (f *fake) Events(ctx context.Context, from, to record.Time, fn func(*record.Event) bool) error {
	return f.Updates(ctx, from-1, to, func(u *record.Update) bool {
		for i := range u.Events {
			if !fn(&u.Events[i]) {
				return false
			}
		}
		return true
	})
}

func (f *fake) States(ctx context.Context, from, to record.Time, fn func(*record.State) bool) error {
	return f.Updates(ctx, from-1, to, func(u *record.Update) bool {
		for i := range u.States {
			if !fn(&u.States[i]) {
				return false
			}
		}
		return true
	})
}

func (f *fake) Series(ctx context.Context, q api.SeriesQuery) (api.Series, error) {
	g := api.NewGatherer(q)
	if err := f.Updates(ctx, -1, q.To, g.Add); err != nil {
		return api.Series{}, err
	}
	return g.Series(min(q.To, f.model.Time())), nil
}

func (f *fake) Transfers(context.Context, record.Time, record.Time, int) (record.Transfers, error) {
	return record.Transfers{List: []record.Transfer{{From: 0, To: 1, App: 1, Seq: 7, Bytes: 100, Left: 1e9, Arrived: 2e9}}, Total: 1}, nil
}

func (f *fake) Log(_ context.Context, limit int) ([]api.LogLine, error) {
	lines := []api.LogLine{{T: 1e9, Kind: "trace", Node: "10.0.0.1:7000", Text: "first"}, {T: 2e9, Kind: "control", By: "me", Text: "second"}}
	return lines[max(0, 2-limit):], nil
}

func (f *fake) Control(_ context.Context, c *observer.Command, by string) ([]observer.Result, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ordered, f.by = append(f.ordered, *c), by
	zero := uint32(0)
	return []observer.Result{{Node: &zero, Named: "n0", Sent: true}, {Named: "nobody", Error: "there is no such node"}}, nil
}

func (f *fake) Recording() api.Recording {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rec
}

func (f *fake) StartRecording(context.Context, string) (api.Recording, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rec.Running {
		return f.rec, fmt.Errorf("%w: it records already", api.ErrNotNow)
	}
	began := record.Time(2e9)
	f.rec = api.Recording{Can: true, Running: true, File: "x.rec", Begin: &began, Bytes: 100, Filled: 2, Lost: 1}
	return f.rec, nil
}

func (f *fake) StopRecording(context.Context, string) (api.Recording, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.rec.Running {
		return f.rec, fmt.Errorf("%w: nothing is recorded", api.ErrNotNow)
	}
	f.rec.Running, f.rec.Error = false, "the disk is full"
	return f.rec, nil
}

// fakeSub has room for four updates.
type fakeSub struct {
	f    *fake
	list chan *record.Update
	gap  int
	mu   sync.Mutex
}

func (f *fake) Subscribe() api.Subscription {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &fakeSub{f: f, list: make(chan *record.Update, 4)}
	snap := f.model.Snapshot()
	s.list <- &snap
	f.subs = append(f.subs, s)
	return s
}

func (s *fakeSub) put(u *record.Update) {
	select {
	case s.list <- u:
	default:
		s.mu.Lock()
		s.gap++
		s.mu.Unlock()
	}
}

func (s *fakeSub) Next(ctx context.Context) (*record.Update, int, error) {
	s.mu.Lock()
	gap := s.gap
	s.gap = 0
	s.mu.Unlock()
	if gap > 0 {
		u, err := s.f.Snapshot(ctx, api.Latest)
		return u, gap, err
	}
	select {
	case u := <-s.list:
		return u, 0, nil
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

func (s *fakeSub) Close() {}

// serve starts a server on a port of its own.
func serve(t *testing.T, src api.Source, l api.Listening) *api.Service {
	t.Helper()
	if l.Address == "" {
		l.Address = "127.0.0.1:0"
	}
	s, err := api.Listen(src, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ask sends a request and returns the answer with its body.
func ask(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// problem is the error of an answer.
func problem(text string) string {
	var e struct{ Error string }
	_ = json.Unmarshal([]byte(text), &e)
	return e.Error
}
