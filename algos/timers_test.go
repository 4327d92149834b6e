package algos_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// clock says what its timers did, and when.
type clock struct {
	algos.Base
	said  []string
	start func(*clock)
}

func (c *clock) Bind(n *core.Node) {
	c.Base.Bind(n)
	c.Handle(wire.TypeStarted, func(*core.Msg) { c.start(c) })
}

func (c *clock) say(what string) func() {
	return func() { c.said = append(c.said, fmt.Sprint(what, " ", c.Now())) }
}

func runClock(t *testing.T, d time.Duration, start func(*clock)) []string {
	t.Helper()
	w := simtest.New(t, sim.Options{Seed: 1})
	c := &clock{start: start}
	w.AddNode("clock", func() core.Algorithm { return c })
	w.RunFor(d)
	return c.said
}

func TestTimers(t *testing.T) {
	for _, c := range []struct {
		name  string
		start func(c *clock)
		want  []string
	}{
		{"in order of time, then of setting", func(c *clock) {
			c.AfterFunc(3*time.Second, c.say("d"))
			c.AfterFunc(time.Second, c.say("a"))
			c.AfterFunc(2*time.Second, c.say("b"))
			c.AfterFunc(2*time.Second, c.say("c"))
		}, []string{"a 1s", "b 2s", "c 2s", "d 3s"}},
		{"at once is not at once", func(c *clock) {
			c.AfterFunc(-time.Second, c.say("b"))
			c.say("a")()
		}, []string{"a 0s", "b 0s"}},
		{"every, until it stops itself", func(c *clock) {
			n := 0
			var e algos.Timer
			e = c.Every(time.Second, func() {
				c.say("every")()
				if n++; n == 3 && !e.Stop() {
					t.Error("a timer that runs cannot be stopped")
				}
			})
		}, []string{"every 1s", "every 2s", "every 3s"}},
		{"stopped", func(c *clock) {
			a, b := c.AfterFunc(time.Second, c.say("a")), c.AfterFunc(2*time.Second, c.say("b"))
			c.AfterFunc(time.Second, func() {
				if a.Stop() {
					t.Error("a timer that has gone off was stopped")
				}
			})
			if !b.Stop() || b.Stop() || (algos.Timer{}).Stop() {
				t.Error("Stop does not say what it did")
			}
			c.AfterFunc(2*time.Second, c.say("in b's place"))
			if b.Stop() {
				t.Error("a timer stopped another in its place")
			}
		}, []string{"a 1s", "in b's place 2s"}},
		{"one stops another that is due", func(c *clock) {
			var b algos.Timer
			c.AfterFunc(time.Second, func() { b.Stop() })
			b = c.AfterFunc(time.Second, c.say("b"))
		}, nil},
		{"set by another", func(c *clock) {
			c.AfterFunc(time.Second, func() { c.AfterFunc(time.Second, c.say("a")); c.AfterFunc(0, c.say("b")) })
		}, []string{"b 1s", "a 2s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := runClock(t, 10*time.Second, c.start); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
