package algos_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

func TestBandwidthIsOrdered(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var boss, worker algos.Base
	w.Node("boss", &boss)
	n := w.Node("worker", &worker)
	worker.Observer = boss.ID()
	want := emul.Bandwidth{Total: 400 * emul.KBps, Up: 200 * emul.KBps}
	link := emul.Link{Rate: emul.MBps, Latency: time.Second, Jitter: emul.Jitter{Dist: emul.Normal, Spread: time.Millisecond, Correlation: time.Second}, Loss: 0.5, Pipe: 9}
	w.Call(boss, func() {
		boss.OrderBandwidth(n.ID(), want)
		boss.OrderLink(n.ID(), w.ID("third"), link)
	})
	w.Run()
	if got := n.Bandwidth(); got != want {
		t.Errorf("the node's bandwidth is %v, want %v", got, want)
	}
	if got := n.Link(w.ID("third")); got != link {
		t.Errorf("the link is %+v, want %+v", got, link)
	}
	w.Call(boss, func() { boss.OrderBandwidth(n.ID(), emul.Bandwidth{}) })
	w.Run()
	if got := n.Bandwidth(); got != (emul.Bandwidth{}) {
		t.Errorf("lifted, the node's bandwidth is %v", got)
	}
}

func TestSenselessOrdersChangeNothing(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var worker algos.Base
	n := w.Node("worker", &worker)
	up := w.Node("up", &coretest.Recorder{})
	worker.Observer = up.ID()
	orders := []any{
		algos.BandwidthOrder{Total: -1},
		algos.BandwidthOrder{Up: 1 << 62},
		algos.BandwidthOrder{Total: 1, Latency: time.Second},
		algos.BandwidthOrder{Total: 1, To: up.ID()},
		algos.BandwidthOrder{To: up.ID(), Rate: -1},
		algos.BandwidthOrder{To: up.ID(), Loss: 2},
		algos.BandwidthOrder{To: up.ID(), Jitter: "pareto", Spread: 1},
		algos.BandwidthOrder{To: up.ID(), Jitter: "normal"},
		algos.BandwidthOrder{To: n.ID(), Rate: 1},
		"nonsense", []byte{0xff}, 7,
	}
	for _, o := range orders {
		w.Send(up, n.ID(), wire.TypeSetBandwidth, 0, 0, algos.Encode(o))
	}
	w.Run()
	if got := worker.BadMessages(); got != uint64(len(orders)) {
		t.Errorf("%d of %d orders count as bad", got, len(orders))
	}
	if n.Bandwidth() != (emul.Bandwidth{}) || n.Link(up.ID()) != (emul.Link{}) {
		t.Errorf("the node has %v and %v", n.Bandwidth(), n.Link(up.ID()))
	}
}
