package bench

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// sampleReport is a run of three kinds over three lengths, one of them in memory and so a hundred times faster.
func sampleReport() Report {
	kinds := []Kind{{Name: "tcp", Role: RoleLink}, {Name: "mem", Role: RoleLink}, {Name: "raw", Role: RoleBaseline}}
	r := Report{Env: Env{CPUModel: "<a> & b"}, Plan: Plan{Kinds: kinds, Nodes: []int{2, 3, 32}, PayloadBytes: 5120,
		Loops: 1, Rounds: 2, LatencyRounds: 1, RatePerSecond: 2000, Duration: time.Second}}
	speed := map[string]float64{"tcp": 9.5e9, "mem": 900e9, "raw": 10e9}
	for _, s := range r.Plan.Specs() {
		p := point(s.Kind, s.Nodes, s.Round, speed[s.Kind]+float64(s.Round)*1e7, speed[s.Kind]/2)
		p.Pass, p.PayloadBytes, p.E2EBytesPerS = s.Pass, s.PayloadBytes, p.TotalBytesPerS/float64(s.Links())
		if s.Pass == PassLatency {
			p.LatencyNS = &Quantiles{P50: 31_000, P99: 62_000, Count: 10}
			p.HopLatencyNS = p.LatencyNS.dividedBy(s.Links())
		}
		r.Points = append(r.Points, p)
	}
	r.Summary = Summarize(r)
	return r
}

func TestTablesHaveTheFigures(t *testing.T) {
	r := sampleReport()
	r.Interrupted = true
	r.Failures = []Failure{{Error: "no sockets left"}}
	var out strings.Builder
	if err := WriteTables(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"9.52 [9.51 .. 9.52]", "0.95x", "900.0", "31.0", "paper, 2004", "48.4", "46.8", "13.1", "3.3%", "27%",
		"1 MB = 10^6 bytes", "Interrupted", "no sockets left", "total(32) / total(2)",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func TestTablesOfNothing(t *testing.T) {
	r := Report{Plan: testPlan("raw"), Interrupted: true}
	r.Summary = Summarize(r)
	if err := WriteTables(io.Discard, r); err != nil {
		t.Error(err)
	}
	written, err := WriteCharts(r, t.TempDir())
	if err != nil || len(written) != 0 {
		t.Errorf("charts of nothing: %v, error %v; want none", written, err)
	}
}

type fullDisk struct{}

var errFull = errors.New("disk full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorsAreReported(t *testing.T) {
	if err := WriteTables(fullDisk{}, sampleReport()); !errors.Is(err, errFull) {
		t.Errorf("got %v, want %v", err, errFull)
	}
	if _, err := WriteCharts(sampleReport(), t.TempDir()+"/missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
}

func TestChartsAreSVGWithEverythingNamed(t *testing.T) {
	written, err := WriteCharts(sampleReport(), t.TempDir())
	if err != nil || len(written) != 2 {
		t.Fatalf("wrote %v, error %v; want two charts", written, err)
	}
	for _, name := range written {
		picture, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		words := textOf(t, picture)
		for _, want := range []string{"tcp", "mem", "raw", "nodes", "48.4 MB/s", "13.1", "1 MB = 10^6", "<a> & b", "32", "logarithmic"} {
			if !strings.Contains(words, want) {
				t.Errorf("%s: %q is missing in %s", name, want, words)
			}
		}
		if !bytes.Contains(picture, []byte("sans-serif")) {
			t.Errorf("%s names no font that every reader has", name)
		}
	}
}

// textOf checks that a picture is well-formed XML and returns the words in it.
func textOf(t *testing.T, picture []byte) string {
	t.Helper()
	var words strings.Builder
	for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return words.String()
		}
		if err != nil {
			t.Fatalf("not XML: %v", err)
		}
		if text, ok := token.(xml.CharData); ok {
			words.Write(text)
			words.WriteByte(' ')
		}
	}
}

func TestChartOfOneLength(t *testing.T) {
	r := sampleReport()
	r.Plan.Nodes = []int{2}
	r.Summary = Summarize(r)
	if _, err := WriteCharts(r, t.TempDir()); err != nil {
		t.Error(err)
	}
}

// The fields of the objects are a promise to those who read results: this is what may not change.
func TestObjectsHaveTheirFields(t *testing.T) {
	env, err := NewEnv("v1", []string{"ioverlay", "bench"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	latency := Point{LatencyNS: &Quantiles{}, HopLatencyNS: &Quantiles{}, RatePerSecond: 1}
	tests := []struct {
		name   string
		object any
		fields []string
	}{
		{"env", env, []string{"kind", "time", "ioverlay_version", "go_version", "goos", "goarch", "cpu_model", "cores", "kernel", "args"}},
		{"throughput", Point{}, pointFields},
		{"latency", latency, append(slices.Clone(pointFields), "rate_per_s", "latency_ns", "hop_latency_ns")},
		{"quantiles", Quantiles{}, []string{"p50", "p90", "p99", "p999", "max", "count"}},
		{"failure", Failure{}, []string{"kind", "point", "error"}},
		{"summary", sampleReport().Summary, []string{"kind", "interrupted", "points", "failures", "violations",
			"longest_nodes", "kinds", "lengths", "ratios", "paper"}},
		{"ratio", Ratio{}, []string{"kind", "baseline", "nodes", "cpu", "wall"}},
		{"kind summary", KindSummary{}, []string{"switch_overhead", "scaling"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, err := json.Marshal(test.object)
			if err != nil {
				t.Fatal(err)
			}
			var fields map[string]any
			if err := json.Unmarshal(text, &fields); err != nil {
				t.Fatal(err)
			}
			for _, name := range test.fields {
				if _, there := fields[name]; !there {
					t.Errorf("%s is missing in %s", name, text)
				}
				delete(fields, name)
			}
			if len(fields) != 0 {
				t.Errorf("fields nobody promised: %v", fields)
			}
		})
	}
}

var pointFields = []string{"kind", "pass", "nodes", "payload_bytes", "round", "loops", "seconds", "messages",
	"e2e_bytes_per_s", "total_bytes_per_s", "cpu_seconds", "bytes_per_cpu_s", "messages_per_cpu_s",
	"rss_peak_bytes", "lost_messages", "out_of_order", "corrupt"}
