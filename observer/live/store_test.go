package live

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/record"
)

// book is a Live without an observer: a store that a test fills, and all that it was told.
type book struct {
	*Live
	all []*record.Update
}

func newBook(t *testing.T, bytes int) *book {
	b := &book{Live: &Live{store: newStore(bytes)}}
	t.Cleanup(b.store.close)
	return b
}

func (b *book) put(u *record.Update) {
	b.all = append(b.all, u)
	b.store.keep(u) // and not through the channel: a test wants it at once
}

// fill puts many updates of some nodes.
func (b *book) fill(updates, nodes, text int) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range updates {
		u := &record.Update{T: record.Time(i+1) * 1e8}
		for range 1 + rng.IntN(5) {
			n := rng.Uint32N(uint32(nodes))
			u.Nodes = append(u.Nodes, record.Node{I: n, Up: record.Set(true), In: record.Set(float64(rng.IntN(1e6))), Name: record.Set(strings.Repeat("x", text) + fmt.Sprint(rng.Uint64()))})
			u.Links = append(u.Links, record.Link{F: n, T: (n + 1) % uint32(nodes), Rate: record.Set(float64(i))})
		}
		u.Events = []record.Event{{T: u.T, Kind: record.EventTrace, Text: fmt.Sprint(i)}}
		if i%10 == 0 {
			u.States = []record.State{{T: u.T, Node: 0, Name: "step", Value: record.NumberOf(float64(i))}}
		}
		b.put(u)
	}
}

// at is what a snapshot must be, from all updates.
func (b *book) at(t *testing.T, at record.Time) record.Update {
	t.Helper()
	var m record.Model
	for _, u := range b.all {
		if u.T <= at {
			if err := m.Apply(u); err != nil {
				t.Fatal(err)
			}
		}
	}
	return m.Snapshot()
}

// How everything stood at any time is what the updates until then make.
func TestThePastIsWhatItWas(t *testing.T) {
	b := newBook(t, 64<<20)
	b.fill(1500, 50, 200)
	if n := len(b.store.past.closed); n < 2 {
		t.Fatalf("only %d segments were closed: the test is too small", n)
	}
	ctx := context.Background()
	for i := 0; i < 1500; i += 97 {
		at := record.Time(i+1)*1e8 + 5e7 // between two
		got, err := b.Snapshot(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		want := b.at(t, at)
		if !reflect.DeepEqual(got.Nodes, want.Nodes) || !reflect.DeepEqual(got.Links, want.Links) || !reflect.DeepEqual(got.States, want.States) {
			t.Fatalf("at %v s it is shown otherwise than it was", at.Seconds())
		}
	}
	var got []record.Time
	if err := b.Updates(ctx, 10e9, 20e9, func(u *record.Update) bool { got = append(got, u.T); return true }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 100 || got[0] != 101e8 || got[99] != 20e9 {
		t.Errorf("%d updates between 10 s and 20 s, from %v to %v", len(got), got[0], got[len(got)-1])
	}
	events := 0
	if err := b.Events(ctx, 10e9, 20e9, func(*record.Event) bool { events++; return true }); err != nil || events != 101 {
		t.Errorf("%d events, %v", events, err)
	}
	states := 0
	if err := b.States(ctx, 10e9, 20e9, func(*record.State) bool { states++; return true }); err != nil || states != 10 {
		t.Errorf("%d states, %v", states, err)
	}
	if u, err := b.Snapshot(ctx, 0); err != nil || len(u.Nodes) != 0 {
		t.Errorf("before anything there was %v, %v", u, err)
	}
}

// What was is forgotten from its beginning when it takes too much memory, and who asks for it is told so.
func TestMemoryOfThePastIsBounded(t *testing.T) {
	const most = 256 << 10
	b := newBook(t, most)
	b.fill(6000, 50, 100)
	if size := b.store.historyBytes(); size > most {
		t.Errorf("%d bytes are kept where %d may be", size, most)
	}
	begin := b.store.begin()
	if begin < 1e9 {
		t.Fatalf("nothing was forgotten: it begins at %v s", begin.Seconds())
	}
	if _, err := b.Snapshot(context.Background(), begin-1); !errors.Is(err, api.ErrNoHistory) {
		t.Errorf("what was forgotten is shown: %v", err)
	}
	got, err := b.Snapshot(context.Background(), begin)
	if err != nil {
		t.Fatal(err)
	}
	if want := b.at(t, begin); !reflect.DeepEqual(got.Nodes, want.Nodes) {
		t.Error("where the history begins it is shown otherwise than it was")
	}
	first := true
	if err := b.Updates(context.Background(), 0, begin, func(u *record.Update) bool {
		if first && !u.Full {
			t.Error("after a gap comes a change")
		}
		first = false
		return true
	}); err != nil {
		t.Error(err)
	}
}

// One that follows and reads slowly gets how everything stands in place of what it missed; what waits for it is bounded, and
// its picture is right in the end.
func TestFollowersOfDifferentPace(t *testing.T) {
	b := newBook(t, 8<<20)
	quick, slow := b.Subscribe(), b.Subscribe()
	defer quick.Close()
	defer slow.Close()
	ctx := context.Background()
	next := func(s api.Subscription, m *record.Model) int {
		t.Helper()
		u, dropped, err := s.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Apply(u); err != nil {
			t.Fatal(err)
		}
		return dropped
	}
	var a, z record.Model
	next(quick, &a)
	next(slow, &z)
	for i := range 500 {
		b.put(&record.Update{T: record.Time(i + 1), Nodes: []record.Node{{I: uint32(i % 7), In: record.Set(float64(i))}}})
		if d := next(quick, &a); d != 0 {
			t.Fatalf("one that reads all missed %d", d)
		}
	}
	if n := len(slow.(*subscription).queue); n > maxWaiting {
		t.Errorf("%d updates wait for one that reads nothing", n)
	}
	dropped := 0
	for z.Time() < 500 {
		dropped += next(slow, &z)
	}
	if dropped < 400 || dropped > 500 {
		t.Errorf("it missed %d of 500", dropped)
	}
	if x, y := a.Snapshot(), z.Snapshot(); !reflect.DeepEqual(x.Nodes, y.Nodes) {
		t.Error("the two end with different pictures")
	}
}
