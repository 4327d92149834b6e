package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func TestRunPointOfBaselines(t *testing.T) {
	for _, kind := range []string{"raw", "goroutine"} {
		for _, pass := range []string{PassThroughput, PassLatency} {
			t.Run(kind+"/"+pass, func(t *testing.T) {
				p, s := measureSome(t, tinySpec(kind, pass, 3), func(s Spec) (Point, error) {
					return RunPoint(t.Context(), Kinds(), s)
				})
				checkPoint(t, p, s)
			})
		}
	}
}

// measureSome measures a point whose window grows until something came in it: how long
// that takes is the machine's business.
func measureSome(t *testing.T, s Spec, run func(Spec) (Point, error)) (Point, Spec) {
	t.Helper()
	for {
		p, err := run(s)
		if err != nil {
			t.Fatal(err)
		}
		if p.Messages > 0 && p.CPUSeconds > 0 && (p.LatencyNS == nil || p.LatencyNS.Count > 0) || s.Duration > 10*time.Second {
			return p, s
		}
		s.Duration *= 4
	}
}

// checkPoint looks for what must hold of any point of a chain that works.
func checkPoint(t *testing.T, p Point, s Spec) {
	t.Helper()
	if p.Kind != s.Kind || p.Pass != s.Pass || p.Nodes != s.Nodes || p.PayloadBytes != s.PayloadBytes ||
		p.Round != s.Round || p.Loops != s.Loops || p.RatePerSecond != s.RatePerSecond {
		t.Errorf("a point of %+v was asked for and got %+v", s, p)
	}
	if p.Messages == 0 || p.CPUSeconds <= 0 || p.RSSPeakBytes <= 0 || p.Seconds < s.Duration.Seconds() {
		t.Errorf("messages, CPU time, memory or length of the window are missing: %+v", p)
	}
	if p.Violations() != 0 {
		t.Errorf("violations: %+v", p)
	}
	if !near(p.TotalBytesPerS, p.E2EBytesPerS*float64(s.Links())) ||
		!near(p.BytesPerCPUS, p.MessagesPerCPUS*float64(s.PayloadBytes)) ||
		!near(p.TotalBytesPerS*p.Seconds, p.BytesPerCPUS*p.CPUSeconds) {
		t.Errorf("the figures contradict each other: %+v", p)
	}
	if (p.Pass == PassLatency) != (p.LatencyNS != nil) || (p.LatencyNS != nil) != (p.HopLatencyNS != nil) {
		t.Fatalf("latencies belong into the latency pass, and only there: %+v", p)
	}
	if p.LatencyNS != nil && (p.LatencyNS.Count == 0 || p.LatencyNS.P50 <= 0 || p.LatencyNS.Max < p.LatencyNS.P99 ||
		p.HopLatencyNS.P50 != p.LatencyNS.P50/int64(s.Links())) {
		t.Errorf("latencies %+v, a hop %+v", *p.LatencyNS, *p.HopLatencyNS)
	}
}

// fakeChain is a chain that fails as a test wants it to.
type fakeChain struct {
	messages uint64
	drainErr error
	closeErr error
	closed   *int
}

func (c *fakeChain) Snapshot() (Snapshot, error)      { return Snapshot{Messages: c.messages}, nil }
func (c *fakeChain) Drain(context.Context) error      { return c.drainErr }
func (c *fakeChain) Latency() *hdrhistogram.Histogram { return hdrhistogram.New(1, 10, 1) }
func (c *fakeChain) Close() error                     { *c.closed++; return c.closeErr }

func TestRunPointReportsAndCloses(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name  string
		chain fakeChain
		build error
		ends  error // the cause with which the context ends before the point
		want  error
		close int
	}{
		{"good", fakeChain{messages: 1}, nil, nil, nil, 1},
		{"not built", fakeChain{}, broken, nil, broken, 0},
		{"not drained", fakeChain{messages: 1, drainErr: broken}, nil, nil, broken, 1},
		{"not closed", fakeChain{messages: 1, closeErr: broken}, nil, nil, broken, 1},
		{"interrupted before the first message", fakeChain{}, nil, broken, broken, 1},
		{"interrupted after the first message", fakeChain{messages: 1}, nil, broken, broken, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			closed := 0
			test.chain.closed = &closed
			kinds := []Kind{{Name: "fake", Build: func(context.Context, Spec) (Chain, error) { return &test.chain, test.build }}}
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if test.ends != nil {
				cancel(test.ends)
			}
			if _, err := RunPoint(ctx, kinds, tinySpec("fake", PassThroughput, 2)); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if closed != test.close {
				t.Errorf("closed %d times, want %d", closed, test.close)
			}
		})
	}
}

func TestRunPointRefusesNonsense(t *testing.T) {
	if _, err := RunPoint(t.Context(), Kinds(), tinySpec("raw", PassThroughput, 1)); !errors.Is(err, ErrSpec) {
		t.Errorf("one node: got %v, want %v", err, ErrSpec)
	}
	if _, err := RunPoint(t.Context(), Kinds(), tinySpec("none", PassThroughput, 2)); !errors.Is(err, ErrUnknownKind) {
		t.Errorf("unknown kind: got %v, want %v", err, ErrUnknownKind)
	}
	if _, err := RunPoint(t.Context(), Kinds(), tinySpec("raw", "sideways", 2)); !errors.Is(err, ErrSpec) {
		t.Errorf("unknown pass: got %v, want %v", err, ErrSpec)
	}
}

func TestServePointEndsWithItsParent(t *testing.T) {
	spec := `{"kind":"raw","pass":"throughput","nodes":2,"payload_bytes":100,"loops":1,"round":1,"warmup_ns":0,"duration_ns":3600000000000}`
	var out strings.Builder
	if err := ServePoint(t.Context(), Kinds(), spec, strings.NewReader(""), &out); !errors.Is(err, ErrOrphaned) {
		t.Errorf("got %v, want %v", err, ErrOrphaned)
	}
	if out.Len() != 0 {
		t.Errorf("an unfinished point was written: %s", out.String())
	}
}

func TestDecodeSpecWantsOneObject(t *testing.T) {
	for _, text := range []string{``, `[]`, `{} {}`, `{} x`, `{"nodes":"2"}`, `{"knots":2}`} {
		if s, err := decodeSpec(text); !errors.Is(err, ErrSpec) {
			t.Errorf("%q: got %+v, error %v; want %v", text, s, err, ErrSpec)
		}
	}
}

func FuzzDecodeSpec(f *testing.F) {
	f.Add(`{"kind":"raw","pass":"throughput","nodes":2,"payload_bytes":100,"loops":1,"round":1,"warmup_ns":0,"duration_ns":20000000}`)
	f.Add(`{"kind":"raw","pass":"latency","nodes":2,"payload_bytes":100,"loops":1,"duration_ns":20000000,"rate_per_s":1e300}`)
	f.Add(`{"nodes":-1}`)
	f.Add(`{"unknown":1}`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := decodeSpec(text)
		if err != nil {
			if !errors.Is(err, ErrSpec) {
				t.Errorf("%q: the error does not say what it is about: %v", text, err)
			}
			return
		}
		if err := s.Validate(); err == nil && (s.Links() < 1 || s.Duration <= 0 || s.PayloadBytes <= 0 || s.Loops <= 0) {
			t.Errorf("%q was taken for a measurable point", text)
		}
	})
}

func TestMergeProfilesLabelsAndSelects(t *testing.T) {
	dir := t.TempDir()
	plan := testPlan("raw", "goroutine")
	plan.Kinds[0].Role = RoleLink // then only raw is wanted
	plan.ProfileDir, plan.Rounds, plan.LatencyRounds = dir, 1, 0
	report := Report{Plan: plan}
	out := filepath.Join(dir, "merged.pprof")

	if err := MergeProfiles(report, out); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a profile of nothing was written: %v", err)
	}

	for _, s := range plan.Specs() {
		if s.CPUProfile == "" {
			t.Fatalf("%+v has no profile", s)
		}
		spec := tinySpec(s.Kind, PassThroughput, s.Nodes)
		spec.CPUProfile, spec.Duration = s.CPUProfile, 100*time.Millisecond
		if _, err := RunPoint(t.Context(), Kinds(), spec); err != nil {
			t.Fatal(err)
		}
	}
	if err := MergeProfiles(report, out); err != nil {
		t.Fatal(err)
	}
	merged, err := readProfile(Spec{CPUProfile: out})
	if err != nil {
		t.Fatal(err)
	}
	wanted := profiled(report)
	if len(wanted) != len(plan.Nodes) {
		t.Errorf("%d profiles wanted, want those of raw at %d lengths", len(wanted), len(plan.Nodes))
	}
	var covered int64
	for _, s := range wanted {
		part, err := readProfile(s)
		if err != nil {
			t.Fatal(err)
		}
		covered += part.DurationNanos
		for _, sample := range part.Sample {
			if sample.Label["kind"][0] != "raw" || sample.Label["nodes"][0] != strconv.Itoa(s.Nodes) {
				t.Fatalf("a sample of %+v is labelled %v", s, sample.Label)
			}
		}
	}
	if merged.DurationNanos != covered {
		t.Errorf("the profile covers %d ns, its parts %d", merged.DurationNanos, covered)
	}
}
