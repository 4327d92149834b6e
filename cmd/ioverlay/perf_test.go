package main

import (
	"encoding/json"
	"testing"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/perf"
)

// The engine's trips to the kernel are shown: those of the kind of link, and nothing for a baseline.
func TestPerfSwitchShowsSystemCalls(t *testing.T) {
	for _, links := range []string{"tcp", "mem", "raw"} {
		r := inside("perf", "switch", "--nodes", "3", "--links", links, "--duration", "1s", "--format", "json", "--out", t.TempDir())
		if r.Code != console.ExitOK {
			t.Fatalf("%s: exit code %d, %s", links, r.Code, r.Err)
		}
		var report perf.Report
		if err := json.Unmarshal([]byte(r.Out), &report); err != nil {
			t.Fatal(err)
		}
		calls := make(map[string]perf.Call)
		for _, c := range report.Calls {
			calls[c.Name] = c
			if c.PerMessage != float64(c.Count)/float64(report.Messages) {
				t.Errorf("%s: %+v of %d messages", links, c, report.Messages)
			}
		}
		read, write, poll := calls["read"], calls["write, writev"], calls["poll"]
		switch links {
		case "raw":
			if len(calls) != 0 {
				t.Errorf("the engine's calls are told of a chain without it: %+v", calls)
			}
		case "mem":
			if read.Count+write.Count != 0 || poll.Count == 0 {
				t.Errorf("mem: %+v", calls)
			}
		default:
			if read.MeanBytes == 0 || write.MeanBytes == 0 || poll.Count == 0 || !poll.AtLeast {
				t.Errorf("tcp: %+v", calls)
			}
		}
	}
}
