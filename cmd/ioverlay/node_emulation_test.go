package main

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
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
	} {
		f := good
		c.change(&f)
		if _, err := f.read(0); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want it to say %q", f, err, c.says)
		}
	}
}
