package gfbench

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// row is an operation at one size and the levels at which it is measured.
type row struct {
	op     Operation
	size   int
	levels []gf.Level
}

// contestant is one way to do a row's work.
type contestant struct {
	name   string // of a level, or of what the library is held to
	run    func(times int)
	times  int // how often in a sample
	allocs float64
}

// race is a row with its contestants.
type race struct {
	row
	task      *task
	libraries []*contestant // by name, each level's once
	ours      []*contestant // by level
	peers     []*contestant // what else ours are held against
}

// newRace prepares a row.
func newRace(r row, p Plan) *race {
	c := &race{row: r, task: r.op.prepare(r.size, p.Offset)}
	c.peers = c.task.peers(p.Against)
	for _, l := range r.levels {
		ll, k := lowLevelAt(l), gf.At(l)
		if c.library(l) == nil {
			c.libraries = append(c.libraries, &contestant{name: ll.name, run: repeated(func() { c.task.library(ll) })})
		}
		c.ours = append(c.ours, &contestant{name: l.String(), run: c.task.repeated(k)})
	}
	return c
}

// repeated makes a function that runs another so many times.
func repeated(run func()) func(int) {
	return func(times int) {
		for range times {
			run()
		}
	}
}

// repeated makes a function that does the task so many times with kernels.
func (t *task) repeated(k gf.Kernels) func(int) {
	if t.again != nil {
		return func(times int) { t.again(k, times) }
	}
	return repeated(func() { t.ours(k) })
}

// start prepares a row, checks that all contestants make the same, and finds out how often each runs in a sample.
func (r row) start(p Plan) (*race, error) {
	c := newRace(r, p)
	if err := c.check(); err != nil {
		return nil, err
	}
	for _, one := range c.all() {
		one.calibrate(p.Sample)
	}
	return c, nil
}

// library returns the contestant that a level is compared with.
func (c *race) library(l gf.Level) *contestant {
	name := lowLevelAt(l).name
	for _, one := range c.libraries {
		if one.name == name {
			return one
		}
	}
	return nil
}

func (c *race) all() []*contestant {
	return slices.Concat(c.libraries, c.ours, c.peers)
}

// check runs every contestant once on the same input and compares what they made.
func (c *race) check() error {
	var want [][]byte
	for _, one := range c.all() {
		if c.task.reset != nil {
			c.task.reset()
		}
		one.run(1)
		got := c.task.results()
		if want == nil {
			want = cloned(got)
		}
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				return fmt.Errorf("%s of %d bytes at level %s: result %d differs from the library's", c.op.Name, c.size, one.name, i)
			}
		}
	}
	return nil
}

// calibrate finds how many runs take about a sample's time, and how many objects a run allocates.
func (o *contestant) calibrate(sample time.Duration) {
	for o.times = 1; ; o.times *= 2 {
		took := o.sample()
		if took >= sample/4 {
			o.times = max(1, int(float64(o.times)*float64(sample)/float64(took)))
			break
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	o.run(o.times)
	runtime.ReadMemStats(&after)
	// Whole objects a run, as testing.AllocsPerRun counts: the runtime itself allocates now and then.
	o.allocs = float64((after.Mallocs - before.Mallocs) / uint64(o.times))
}

// sample runs the contestant and returns how long all runs took. One more goes first, so that the caches and the branch
// predictor know it.
func (o *contestant) sample() time.Duration {
	o.run(1)
	start := threadTime()
	o.run(o.times)
	return threadTime() - start
}

// measure takes a sample of each contestant, and returns nanoseconds a run by contestant. The one that begins rotates.
func (c *race) measure(round int) map[*contestant]float64 {
	all, took := c.all(), make(map[*contestant]float64)
	for i := range all {
		one := all[(i+round)%len(all)]
		took[one] = float64(one.sample()) / float64(one.times)
	}
	return took
}
