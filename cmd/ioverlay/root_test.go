package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/console"
)

func TestUsageErrorsNameFlagValueAndWhatIsAllowed(t *testing.T) {
	tests := []struct {
		args []string
		says []string
	}{
		{[]string{"frobnicate"}, []string{"frobnicate", "--help"}},
		{[]string{"version", "surplus"}, []string{"surplus"}},
		{[]string{"version", "--format", "xml"}, []string{"--format", "xml", "text or json"}},
		{[]string{"bench", "chain", "--unheard-of"}, []string{"unheard-of"}},
		{[]string{"bench", "chain", "--format", "xml"}, []string{"--format", "xml", "table or json"}},
		{[]string{"bench", "chain", "--nodes", "two"}, []string{"--nodes", "two", "2 to 256"}},
		{[]string{"bench", "chain", "--nodes", "1,2"}, []string{"--nodes", "1,2", "2 to 256"}},
		{[]string{"bench", "chain", "--nodes", "257"}, []string{"--nodes", "257", "2 to 256"}},
		{[]string{"bench", "chain", "--nodes", "2,2"}, []string{"--nodes", "2,2", "once"}},
		{[]string{"bench", "chain", "--nodes", ""}, []string{"--nodes", "one length or more"}},
		{[]string{"bench", "chain", "--links", "string"}, []string{"--links", "string", "tcp, mem, proc"}},
		{[]string{"bench", "chain", "--links", "raw"}, []string{"--links", "raw", "tcp, mem, proc"}},
		{[]string{"bench", "chain", "--against", "tcp"}, []string{"--against", "tcp", "goroutine, raw"}},
		{[]string{"bench", "chain", "--against", "raw,raw"}, []string{"--against", "raw,raw", "once"}},
		{[]string{"bench", "chain", "--links", "", "--against", ""}, []string{"--links", "at least one kind"}},
		{[]string{"bench", "chain", "--payload", "15"}, []string{"--payload", "15", "16 to 1048576"}},
		{[]string{"bench", "chain", "--payload", "x"}, []string{"--payload", "x"}},
		{[]string{"bench", "chain", "--duration", "1ms"}, []string{"--duration", "1ms", "10ms"}},
		{[]string{"bench", "chain", "--rounds", "0"}, []string{"--rounds", "0", "1 to"}},
		{[]string{"bench", "chain", "--latency-rounds", "-1"}, []string{"--latency-rounds", "-1", "0 to"}},
		{[]string{"bench", "chain", "--rate", "0"}, []string{"--rate", "0", "above 0"}},
		{[]string{"bench", "chain", "--rate", "NaN"}, []string{"--rate", "NaN", "above 0"}},
		{[]string{"bench", "chain", "--loops", "0"}, []string{"--loops", "0", "1 to 64"}},
		{[]string{"bench", "chain", "3"}, []string{"3"}},
		{[]string{"node", "--sink", "--check-every", "0"}, []string{"--check-every", "1 and up"}},
		{[]string{"bench", "gf", "--format", "xml"}, []string{"--format", "xml", "table or json"}},
		{[]string{"bench", "gf", "--level", "sse9"}, []string{"--level", "sse9", "generic"}},
		{[]string{"bench", "gf", "--level", "generic,generic"}, []string{"--level", "once"}},
		{[]string{"bench", "gf", "--sizes", "0"}, []string{"--sizes", "0", "1 to 1048576"}},
		{[]string{"bench", "gf", "--sizes", "5,5"}, []string{"--sizes", "5,5", "different"}},
		{[]string{"bench", "gf", "--sizes", ""}, []string{"--sizes", "one size or more"}},
		{[]string{"bench", "gf", "--rounds", "0"}, []string{"--rounds", "0", "1 to"}},
		{[]string{"bench", "gf", "--sample", "1us"}, []string{"--sample", "100µs to 1s"}},
		{[]string{"bench", "gf", "--offset", "64"}, []string{"--offset", "64", "0 to 63"}},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			r := inside(test.args...)
			if r.Code != console.ExitUsage || r.Out != "" {
				t.Errorf("exit code %d, output %q; want %d, none", r.Code, r.Out, console.ExitUsage)
			}
			for _, want := range test.says {
				if !strings.Contains(r.Err, want) {
					t.Errorf("%q does not say %q", r.Err, want)
				}
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	interrupted := bench.Report{Interrupted: true, Plan: bench.Plan{}}
	lossy := bench.Report{Points: []bench.Point{{LostMessages: 1}}}
	both := lossy
	both.Interrupted = true
	failed := bench.Report{Failures: []bench.Failure{{Error: "no sockets"}}}
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"lost a message", verdict(lossy), console.ExitViolation},
		{"lost a message and was interrupted", verdict(both), console.ExitViolation},
		{"interrupted", verdict(interrupted), console.ExitInterrupted},
		{"a point failed", verdict(failed), console.ExitFailed},
		{"anything else", errors.New("disk full"), console.ExitFailed},
		{"a wrong flag", fmt.Errorf("wrapped: %w", console.Usage("", "", "")), console.ExitUsage},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := (&console.App{Started: true}).ExitCode(test.err); got != test.want {
				t.Errorf("%v: exit code %d, want %d", test.err, got, test.want)
			}
		})
	}
	if err := verdict(bench.Report{Points: []bench.Point{{Messages: 1}}}); err != nil {
		t.Errorf("a good run ends with %v", err)
	}
}

// Every command explains itself, with an example.
func TestHelp(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		if cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%q lacks a description or an example", cmd.CommandPath())
		}
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	visit(program().Root(&console.App{}))
	for _, want := range []string{"Exit codes", "130", "bench", "version"} {
		if r := inside("--help"); r.Code != console.ExitOK || !strings.Contains(r.Out, want) {
			t.Errorf("help ends with %d and does not say %q", r.Code, want)
		}
	}
	if r := inside("bench", "chain", "--help"); !strings.Contains(r.Out, "Exit codes") || !strings.Contains(r.Out, "results.jsonl") {
		t.Error("the help of bench chain does not say how it ends or what it writes")
	}
}

func TestVersion(t *testing.T) {
	if r := inside("version"); r.Code != console.ExitOK || !strings.HasPrefix(r.Out, "ioverlay ") || !strings.Contains(r.Out, runtime.Version()) {
		t.Errorf("%+v", r)
	}
	var v console.BuildVersion
	r := inside("version", "--format", "json")
	if err := json.Unmarshal([]byte(r.Out), &v); err != nil || v != console.ReadVersion() || v.GoVersion != runtime.Version() {
		t.Errorf("%q: %+v, error %v; want %+v", r.Out, v, err, console.ReadVersion())
	}
}
