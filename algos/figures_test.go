package algos_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/metric"
)

// figures is what docs/algorithm.md says of figures.
func figures(n *core.Node, asked time.Duration) {
	n.Metric("lookups").Add(1)                       // a counter: only grows
	n.Gauge("neighbours").Set(5)                     // a gauge: goes up and down
	n.Histogram("hops").Record(4)                    // a distribution
	n.Histogram("delay").RecordTime(n.Now() - asked) // in seconds
	n.State("phase", "joined")                       // a state, known by a word
	n.Note("repair", "lost my parent")               // what happened, for people
}

func TestFigures(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var b algos.Base
	n := w.Node("n", &b)
	figures(b.Node, -time.Second)
	b.Metric("lookups").Add(2) // Base has them too
	c := b.TakeMetrics()
	if c == nil || len(c.Counters) != 1 || c.Counters[0] != (metric.Count{Name: "lookups", More: 3}) || len(c.Gauges) != 1 || len(c.Histograms) != 2 || len(c.Events) != 2 {
		t.Fatalf("%v reports %+v", n.ID(), c)
	}
	if d := c.Histograms[0]; d.Name != "delay" || d.More.Mean() < 1 {
		t.Errorf("%+v", d)
	}
	if c := b.TakeMetrics(); c != nil {
		t.Errorf("nothing has changed, and it reports %+v", c)
	}
}
