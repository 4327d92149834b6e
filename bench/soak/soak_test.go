package soak

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }

// A short soak of real sockets: its books balance to the message.
func TestBooksBalance(t *testing.T) {
	s := Spec{Duration: 3 * time.Second, Seed: 1, Nodes: 24, Sessions: 6, Rate: 50, Strangers: 20, Round: 300 * time.Millisecond}
	r, err := Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if r.Books.Balance() != 0 || r.Books.Delivered == 0 || r.Restarts == 0 || r.Strangers == 0 || len(r.Samples) == 0 {
		t.Errorf("%+v", r)
	}
}

// When it is interrupted, what was measured by then is judged.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := Spec{Duration: time.Hour, Seed: 2, Nodes: 8, Sessions: 2, Rate: 50, Strangers: 4, Round: 400 * time.Millisecond}
	s.Progress = func(Sample) { cancel() }
	r, err := Run(ctx, s)
	if err != nil || !r.Interrupted || len(r.Samples) != 1 || r.Books.Balance() != 0 {
		t.Errorf("%v: %+v", err, r)
	}
}

func TestLevel(t *testing.T) {
	rows := func(rise int64) (all []Sample) {
		for i := range int64(30) {
			s := Sample{RSS: 500<<20 + i%3<<20, Descriptors: 1000 + i%7, Goroutines: 20, Slabs: 40 + i%5}
			s.Goroutines += rise * i
			if i < 10 {
				s.RSS = i * 50 << 20 // warm-up
			}
			if i == 20 {
				s.Descriptors = 5000 // an outlier
			}
			all = append(all, s)
		}
		return all
	}
	failed := func(samples []Sample) (what []string) {
		for _, l := range judge(samples) {
			if !l.Holds() {
				what = append(what, l.What)
			}
		}
		return what
	}
	if got := failed(rows(0)); got != nil {
		t.Errorf("%v are not level", got)
	}
	if got := failed(rows(1)); !slices.Equal(got, []string{"goroutines"}) {
		t.Errorf("%v are not level, want goroutines", got)
	}
	if got := failed(rows(1)[:4]); got != nil {
		t.Errorf("%v judged by too few samples", got)
	}
	r := Result{Samples: rows(1), Books: Books{Sent: 10, Received: 8, Lost: 1, Delivered: 1}}
	r.judge()
	if len(r.Failed) != 2 || !strings.Contains(r.Failed[1], "1 are unaccounted for") {
		t.Errorf("failed: %q", r.Failed)
	}
}

func TestSpecIsChecked(t *testing.T) {
	if _, err := Run(t.Context(), Spec{Duration: time.Second, Nodes: 2}); err == nil {
		t.Error("two nodes were taken")
	}
}

// A node that ends when nobody has ended it, and rounds that are too few to judge, are failures and not passed over.
func TestWhatCannotBeTrustedFails(t *testing.T) {
	o, err := newOverlay(Spec{Seed: 4, Nodes: 8, Sessions: 1, Rate: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer o.eng.Close()
	dead := o.lives[3].node
	dead.Kill()
	<-dead.Done()
	if err := o.restart(t.Context(), 3, false); err == nil {
		t.Error("a node that was found dead was started again")
	}
	few := Result{Samples: make([]Sample, MinRounds-1), Books: Books{Sent: 1, Received: 1, Delivered: 1}}
	few.judge()
	enough := Result{Samples: make([]Sample, MinRounds), Books: few.Books}
	enough.judge()
	if len(few.Failed) == 0 || len(enough.Failed) != 0 {
		t.Errorf("too few rounds: %q; enough: %q", few.Failed, enough.Failed)
	}
}

// What a source made and its node had not switched when it crashed was sent by nobody, and
// is not counted as lost on the way.
func TestBooksOfACrashedSource(t *testing.T) {
	o, err := newOverlay(Spec{Seed: 3, Nodes: 8, Sessions: 1, Rate: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	defer o.eng.Close()
	at := slices.IndexFunc(o.apps, func(apps []uint32) bool { return len(apps) > 0 })
	for i := range o.lives {
		if err := o.throttle(i, 1000); err != nil {
			t.Fatal(err)
		}
	}
	source := o.lives[at]
	blocked := func() bool {
		s, err := source.node.Stats()
		return err == nil && slices.ContainsFunc(s.Upstream, func(l core.LaneIn) bool { return l.From.IsZero() && l.Blocked })
	}
	for deadline := time.Now().Add(30 * time.Second); !blocked(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("hung: the source does not fill the way")
		}
	}
	o.apps[at] = nil // it does not begin again
	if err := o.restart(t.Context(), at, true); err != nil {
		t.Fatal(err)
	}
	b, err := o.quiet()
	if err != nil {
		t.Fatal(err)
	}
	if b.Balance() != 0 || b.Received == 0 {
		t.Errorf("%d unaccounted for: %+v", b.Balance(), b)
	}
	if s, _ := source.node.Stats(); s.Lost.SourceMsgs == 0 {
		t.Error("the source had made nothing that was not switched: nothing was tested")
	}
}
