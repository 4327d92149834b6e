package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// expect compares what happened with lines.
func expect(t *testing.T, d *diary, want ...string) {
	t.Helper()
	got := d.take()
	if !slices.Equal(got, want) {
		t.Errorf("what happened:\n\t%s\nwanted:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestMessageCrosses(t *testing.T) {
	w, d := watched(t, Options{Hop: time.Millisecond})
	a, b := w.AddNode("a", does(nil)), w.AddNode("b", does(nil))
	say(a, b.ID(), 5, 7, "hi")
	mustRun(t, w, time.Second)
	expect(t, d,
		"0s a: started",
		"0s b: started",
		"1ms b: link-up upstream a/5: none, lost 0",
		"2ms a: link-up downstream b/5: none, lost 0",
		"2ms a sent 1 to b/5",
		`3ms b: data from a/5 #7 "hi"`,
	)
	if now := w.Now(); now != time.Second {
		t.Errorf("it is %v after a second", now)
	}
	want := LinkStats{From: a.ID(), To: b.ID(), Msgs: 1, Bytes: 26, Dials: 1}
	if got := w.Link(a.ID(), b.ID()); got != want {
		t.Errorf("the link counts %+v, want %+v", got, want)
	}
}

func TestNobodyThere(t *testing.T) {
	w, d := watched(t, Options{Hop: time.Millisecond})
	a := w.AddNode("a", does(nil))
	say(a, w.ID("b"), 5, 0, "")
	mustRun(t, w, time.Second)
	expect(t, d,
		"0s a: started",
		"2ms a: link-down downstream b/5: refused, lost 1",
	)
}

var _ core.Runtime = (*World)(nil)
