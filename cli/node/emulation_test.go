package node

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

func TestEmulationFlags(t *testing.T) {
	f := emulFlags{total: "4MBps", up: "400KBps", down: "unlimited", buffer: 10,
		links: []string{"127.0.0.1:7002,rate=1MBps,latency=20ms,jitter=normal:2ms,loss=0.01", "[::1]:7003"}}
	e, err := f.read(5120)
	if err != nil {
		t.Fatal(err)
	}
	if want := (emul.Bandwidth{Total: 4 * emul.MBps, Up: 400 * emul.KBps}); e.node != want {
		t.Errorf("the node gets %v, want %v", e.node, want)
	}
	if want := (engine.Buffers{Messages: 10, Payload: 5120}); e.buffers != want {
		t.Errorf("buffers of %+v, want %+v", e.buffers, want)
	}
	to, err := core.ParseNodeID("127.0.0.1:7002")
	if err != nil {
		t.Fatal(err)
	}
	want := emul.Link{Rate: emul.MBps, Latency: 20 * time.Millisecond, Jitter: emul.Jitter{Dist: emul.Normal, Spread: 2 * time.Millisecond}, Loss: 0.01}
	if got := e.links[to]; got != want || len(e.links) != 2 {
		t.Errorf("%d links, the first %v, want %v", len(e.links), got, want)
	}
}

// Links of a node can do what those of scenarios can, and those that are not named too.
func TestEmulationFlagsOfWhatScenariosHave(t *testing.T) {
	f := emulFlags{total: "unlimited", up: "unlimited", down: "unlimited",
		links:       []string{"10.0.0.7:99,latency=50ms,jitter=exponential:4ms,correlation=9ms,in-flight=64KiB"},
		defaultLink: "latency=7ms,loss=0.5,in-flight=1.5MB"}
	e, err := f.read(0)
	if err != nil {
		t.Fatal(err)
	}
	to, err := core.ParseNodeID("10.0.0.7:99")
	if err != nil {
		t.Fatal(err)
	}
	want := emul.Link{Latency: 50 * time.Millisecond, Pipe: 64 << 10,
		Jitter: emul.Jitter{Dist: emul.Exponential, Spread: 4 * time.Millisecond, Correlation: 9 * time.Millisecond}}
	if got := e.links[to]; got != want {
		t.Errorf("the link is %+v, want %+v", got, want)
	}
	if want := (emul.Link{Latency: 7 * time.Millisecond, Loss: 0.5, Pipe: 1_500_000}); e.plain != want {
		t.Errorf("other links are %+v, want %+v", e.plain, want)
	}
}

// A node's report says which links the bound on what is in flight has held up.
func TestReportsSayWhatInFlightHeldUp(t *testing.T) {
	b, errB := core.ParseNodeID("10.0.0.2:1")
	c, errC := core.ParseNodeID("10.0.0.3:1")
	if errB != nil || errC != nil {
		t.Fatal(errB, errC)
	}
	var r nodereport.Report
	pipes(&r, []core.LaneOut{{To: b, App: 1, PipeFull: time.Second}, {To: c, App: 1, PipeFull: 700 * time.Millisecond},
		{To: c, App: 2, PipeFull: 800 * time.Millisecond}, {To: b, App: 2}})
	if r.PipesFull != 2 || r.PipeFullS != 2.5 || r.PipeWorst != c.String() || !strings.Contains(remarks(r), "in-flight held up 2 links") {
		t.Errorf("got %+v, %q", r, remarks(r))
	}
	var none nodereport.Report
	if pipes(&none, []core.LaneOut{{To: b}}); none.PipesFull != 0 || remarks(none) != "" {
		t.Errorf("got %+v of links that nothing held up", none)
	}
}

func TestWrongEmulationFlagsSayWhatIsAllowed(t *testing.T) {
	good := emulFlags{total: "unlimited", up: "unlimited", down: "unlimited"}
	for _, c := range []struct {
		change func(*emulFlags)
		says   string
	}{
		{func(f *emulFlags) { f.up = "400" }, "400KBps"},
		{func(f *emulFlags) { f.total = "4mbps" }, "400KBps"},
		{func(f *emulFlags) { f.buffer = -1 }, "number of messages"},
		{func(f *emulFlags) { f.links = []string{"somewhere,rate=1MBps"} }, "address and port"},
		{func(f *emulFlags) { f.links = []string{"127.0.0.1:1,speed=1MBps"} }, "unknown part"},
		{func(f *emulFlags) { f.links = []string{"127.0.0.1:1,jitter=normal"} }, "jitter=uniform"},
		{func(f *emulFlags) { f.links = []string{"127.0.0.1:1,loss=2"} }, "from 0 to 1"},
		{func(f *emulFlags) { f.links = []string{"127.0.0.1:1,latency=1h"} }, "latency"},
		{func(f *emulFlags) { f.links = []string{"127.0.0.1:1,latency=1ms,in-flight=0KB"} }, "is no size"},
		{func(f *emulFlags) { f.links = []string{"127.0.0.1:1,in-flight=5KB"} }, "nothing is in flight"},
		{func(f *emulFlags) { f.links = []string{"127.0.0.1:1,correlation=5ms"} }, "correlation"},
		{func(f *emulFlags) { f.links = []string{"127.0.0.1:1,loss=0.1,loss=0.2"} }, "twice"},
		{func(f *emulFlags) { f.defaultLink = "127.0.0.1:1,latency=1ms" }, "unknown part"},
	} {
		f := good
		c.change(&f)
		if _, err := f.read(0); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want it to say %q", f, err, c.says)
		}
	}
}
