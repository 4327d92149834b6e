package perf

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/internal/golden"
)

// counted is a stack, leaf first and "~" for the module, with its samples.
type counted struct {
	n     int64
	names []string
}

// cpuProfile makes what runtime/pprof writes. A name "a<b" is one location in
// which a was inlined into b.
func cpuProfile(stacks ...counted) *profile.Profile {
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType: &profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
		Period:     10_000_000,
	}
	functions := map[string]*profile.Function{}
	function := func(name string) *profile.Function {
		name = strings.Replace(name, "~", module, 1)
		f := functions[name]
		if f == nil {
			f = &profile.Function{ID: uint64(len(p.Function) + 1), Name: name, SystemName: name}
			functions[name] = f
			p.Function = append(p.Function, f)
		}
		return f
	}
	for _, s := range stacks {
		sample := &profile.Sample{Value: []int64{s.n, s.n * p.Period}}
		for _, name := range s.names {
			loc := &profile.Location{ID: uint64(len(p.Location) + 1)}
			for inlined := range strings.SplitSeq(name, "<") {
				loc.Line = append(loc.Line, profile.Line{Function: function(inlined)})
			}
			p.Location = append(p.Location, loc)
			sample.Location = append(sample.Location, loc)
		}
		p.Sample = append(p.Sample, sample)
	}
	return p
}

// typical is a profile in the proportions of a relay that keeps up.
func typical() *profile.Profile {
	return cpuProfile(
		counted{1210, inLoop(syscall6, "syscall.RawSyscall6", "~/core/engine.sysRead")},
		counted{1388, inLoop(syscall6, "syscall.RawSyscall6", "~/core/engine.sysWritev", "~/core/engine.(*conn).Flush")},
		counted{12, inLoop(syscall6, "golang.org/x/sys/unix.Close", "~/core/engine.(*conn).close")},
		counted{95, []string{syscall6, "golang.org/x/sys/unix.EpollWait", "github.com/panjf2000/gnet/v2/pkg/netpoll.(*Poller).Polling"}},
		counted{21, []string{"github.com/panjf2000/gnet/v2/pkg/netpoll.(*Poller).Polling", "~/core/engine.(*loop).run"}},
		counted{33, inLoop("encoding/binary.bigEndian.Uint32<~/core/wire.Peek<~/core.(*InLane).usual", "~/core.(*Node).Serve")},
		counted{9, inLoop("runtime.memmove", "~/core/wire.(*Framer).Compact")},
		counted{48, inLoop("~/core.(*Node).Serve")},
		counted{31, inLoop("~/core.(*Node).Send", "~/algos/relay.(*Relay).Process", "~/core.(*Node).Serve")},
		counted{17, inLoop("~/algos/relay.(*Relay).Process", "~/core.(*Node).Serve")},
		counted{6, inLoop("~/apps.(*BackToBack).Produce")},
		counted{14, inLoop("~/bufpool.(*Slab).Release", "~/core.(*OutLane).drop")},
		counted{40, []string{"runtime.casgstatus", "runtime.goschedImpl", "runtime.gosched_m", "runtime.mcall"}},
		counted{7, []string{"runtime.futex", "runtime.futexsleep", "runtime.notesleep", "runtime.stopm"}},
		counted{3, []string{"runtime.scanObject", "runtime.gcDrain", "runtime.gcBgMarkWorker"}},
		counted{2, []string{"example.org/own.(*Hook).Run", "~/core.(*Node).Serve"}},
		counted{1, []string{"main.progress"}},
	)
}

func analyseTypical(t *testing.T) *Report {
	t.Helper()
	p := typical()
	r, err := Analyse(p, 21_000_000, 29_800*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	r.Title, r.Wall, r.ProfilePath = "switch, 8 nodes", 15_100*time.Millisecond, "out/perf/switch.pprof"
	r.OSUserPercent = 8.9
	r.AddCall("read", 840_000, 107_520_000_000)
	r.AddCall("read that found nothing", 0, 0)
	r.AddCallAtLeast("poll", 600_000)
	return r
}

func TestAnalyseAddsUp(t *testing.T) {
	r := analyseTypical(t)
	want := map[Category]int64{
		KernelRead: 1210, KernelWrite: 1388, KernelOther: 12, Poll: 116, Framing: 42, Switch: 79,
		Algorithm: 17, Application: 6, Pool: 14, Scheduler: 47, GC: 3, Other: 3,
	}
	var sum int64
	var percent, ns, user float64
	for _, row := range r.Rows {
		if row.Samples != want[row.Category] {
			t.Errorf("%s: %d samples, want %d", row.Category, row.Samples, want[row.Category])
		}
		sum += row.Samples
		percent += row.Percent
		ns += row.NsPerMessage
		user += row.UserPercent
	}
	if sum != 2937 || r.Samples != sum {
		t.Errorf("rows have %d samples, the report %d, want 2937", sum, r.Samples)
	}
	near(t, "sum of percent", percent, 100)
	near(t, "sum of ns", ns, r.NsPerMessage)
	near(t, "ns a message", r.NsPerMessage, 29.8e9/21e6)
	near(t, "sum of user percent", user, r.UserShare.Percent)
	// By hand: all but 2712 kernel samples, and but 40 of the scheduler's.
	if r.Kernel.Samples != 2712 || r.UserMode.Samples != 225 || r.UserShare.Samples != 185 {
		t.Errorf("kernel %d, user mode %d, user share %d; want 2712, 225, 185", r.Kernel.Samples, r.UserMode.Samples, r.UserShare.Samples)
	}
	if r.Unknown != 3 {
		t.Errorf("%d unknown, want 3", r.Unknown)
	}
	near(t, "coverage", r.Coverage, 29.37/29.8)
	near(t, "user part of poll", r.Row(Poll).UserPercent, 100*21.0/2937)
	if row := r.Row(Scheduler); row.UserPercent != 0 {
		t.Errorf("the scheduler has a user share of %v", row.UserPercent)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*math.Max(1, math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestTopFunctions(t *testing.T) {
	r := analyseTypical(t)
	top := r.Row(Framing).Top
	if len(top) != 2 || top[0].Name != "encoding/binary.bigEndian.Uint32" || top[0].Samples != 33 || top[1].Name != "runtime.memmove" {
		t.Errorf("framing: %+v", top)
	}
	if top := r.Row(KernelRead).Top; len(top) != 1 || top[0].Name != module+"/core/engine.sysRead" {
		t.Errorf("kernel read names %+v, not the caller", top)
	}
	var many []counted
	for _, name := range strings.Split("abcdefghijklm", "") {
		many = append(many, counted{1, []string{"~/core." + name}})
	}
	r, err := Analyse(cpuProfile(many...), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	top = r.Row(Switch).Top
	if len(top) != topFunctions || top[0].Name != module+"/core.a" || top[7].Name != module+"/core.h" {
		t.Errorf("ties must go by name, and no more than %d: %+v", topFunctions, top)
	}
}

func TestAnalyseWithoutCPUTime(t *testing.T) {
	r, err := Analyse(typical(), 2937, 0)
	if err != nil {
		t.Fatal(err)
	}
	if r.CPU != 29_370*time.Millisecond || r.Coverage != 1 || r.NsPerMessage != 1e7 {
		t.Errorf("CPU %v, coverage %v, ns %v", r.CPU, r.Coverage, r.NsPerMessage)
	}
}

func TestAnalyseErrors(t *testing.T) {
	heap := cpuProfile(counted{1, []string{"main.main"}})
	heap.SampleType = []*profile.ValueType{{Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"}}
	noPeriod := cpuProfile(counted{1, []string{"main.main"}})
	noPeriod.Period = 0
	dangling := cpuProfile(counted{1, []string{"main.main"}})
	dangling.Sample[0].Location = []*profile.Location{nil}
	short := cpuProfile(counted{1, []string{"main.main"}})
	short.Sample[0].Value = nil
	for _, c := range []struct {
		name string
		p    *profile.Profile
		hops uint64
		want error
	}{
		{"heap profile", heap, 1, ErrNotCPU},
		{"no period", noPeriod, 1, ErrNotCPU},
		{"sample without values", short, 1, ErrNotCPU},
		{"location that is not there", dangling, 1, ErrNotCPU},
		{"difference of profiles", cpuProfile(counted{-1, []string{"main.main"}}), 1, ErrNotCPU},
		{"impossible count", cpuProfile(counted{1 << 32, nil}, counted{1, nil}), 1, ErrNotCPU},
		{"empty", cpuProfile(), 1, ErrNoSamples},
		{"zero counts", cpuProfile(counted{0, []string{"main.main"}}), 1, ErrNoSamples},
		{"no messages", typical(), 0, ErrNoMessages},
	} {
		if r, err := Analyse(c.p, c.hops, time.Second); !errors.Is(err, c.want) || r != nil {
			t.Errorf("%s: %v, %v; want %v", c.name, r, err, c.want)
		}
	}
}

func TestGolden(t *testing.T) {
	r := analyseTypical(t)
	var text, js bytes.Buffer
	if err := errors.Join(r.WriteTable(&text), r.WriteJSON(&js)); err != nil {
		t.Fatal(err)
	}
	golden.File(t, "testdata/typical.txt", text.String())
	golden.File(t, "testdata/typical.json", js.String())

	// Half the samples lost, no wall time, no file.
	thin, err := Analyse(cpuProfile(counted{60, []string{syscall6, "~/core/engine.sysRead"}}, counted{40, []string{"~/core.F"}}), 1000, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	text.Reset()
	if err := thin.WriteTable(&text); err != nil {
		t.Fatal(err)
	}
	golden.File(t, "testdata/thin.txt", text.String())
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestWritersPassErrorsOn(t *testing.T) {
	r := analyseTypical(t)
	broken := errors.New("disk full")
	if err := r.WriteTable(brokenWriter{broken}); !errors.Is(err, broken) {
		t.Errorf("table: %v", err)
	}
	if err := r.WriteJSON(brokenWriter{broken}); !errors.Is(err, broken) {
		t.Errorf("JSON: %v", err)
	}
}

// The interval must hold the true share in about 95 of 100 profiles. Summed
// exactly over the binomial distribution, not drawn.
func TestWilsonCoverage(t *testing.T) {
	for _, c := range []struct {
		n int64
		p float64
	}{{100, 0.08}, {1000, 0.08}, {1000, 0.003}, {3000, 0.08}, {500, 0.5}, {200, 0.97}} {
		covered := 0.0
		for k := int64(0); k <= c.n; k++ {
			if low, high := wilson(k, c.n); low <= c.p && c.p <= high {
				covered += binomial(c.n, k, c.p)
			}
		}
		if covered < 0.91 || covered > 0.99 {
			t.Errorf("n=%d p=%v: the interval holds the truth in %.3f of all cases", c.n, c.p, covered)
		}
	}
}

func binomial(n, k int64, p float64) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return math.Exp(a - b - c + float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p))
}

func TestSamplesFor(t *testing.T) {
	// The figures that the package comment quotes.
	for _, c := range []struct {
		margin float64
		want   int64
	}{{0.017, 979}, {0.01, 2828}, {0.005, 11310}} {
		if got := samplesFor(0.08, c.margin); got != c.want {
			t.Errorf("margin %v: %d samples, want %d", c.margin, got, c.want)
		}
	}
}

func TestReportAddsUpForAnyProfile(t *testing.T) {
	names := []string{
		syscall6, "runtime.futex", "runtime.schedule", "runtime.mallocgc", "~/core/engine.sysRead", "~/core/engine.sysWrite",
		"~/core.F", "~/core/wire.G<~/core.F", "~/apps.H", "example.org/x.F", "golang.org/x/sys/unix.EpollWait", "", "[", "a[b/c.d",
	}
	rapid.Check(t, func(t *rapid.T) {
		var stacks []counted
		for range rapid.IntRange(1, 20).Draw(t, "stacks") {
			stacks = append(stacks, counted{
				rapid.Int64Range(0, 1000).Draw(t, "n"),
				rapid.SliceOfN(rapid.SampledFrom(names), 0, 6).Draw(t, "names"),
			})
		}
		r, err := Analyse(cpuProfile(stacks...), 7, time.Second)
		if errors.Is(err, ErrNoSamples) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		checkAddsUp(t, r)
	})
}

func checkAddsUp(t interface{ Fatalf(string, ...any) }, r *Report) {
	var sum int64
	user := 0.0
	for i, row := range r.Rows {
		if row.Category != Categories()[i] {
			t.Fatalf("row %d is %q", i, row.Category)
		}
		if !(0 <= row.Low && row.Low <= row.Percent+1e-9 && row.Percent <= row.High+1e-9 && row.High <= 100+1e-9) {
			t.Fatalf("%s: %v is not within %v and %v", row.Category, row.Percent, row.Low, row.High)
		}
		if row.UserPercent > row.Percent+1e-9 {
			t.Fatalf("%s: user part %v of %v", row.Category, row.UserPercent, row.Percent)
		}
		sum += row.Samples
		user += row.UserPercent
	}
	if sum != r.Samples || r.Kernel.Samples+r.UserMode.Samples != r.Samples {
		t.Fatalf("%d samples in rows, %d kernel, %d user mode, %d in all", sum, r.Kernel.Samples, r.UserMode.Samples, r.Samples)
	}
	if math.Abs(user-r.UserShare.Percent) > 1e-6 || r.UserShare.Samples > r.UserMode.Samples {
		t.Fatalf("user share %v, rows say %v", r.UserShare.Percent, user)
	}
}

// FuzzAnalyse reads any bytes as a profile: a file given to the command line may
// be anything.
func FuzzAnalyse(f *testing.F) {
	small := cpuProfile(counted{5, []string{syscall6, "~/core/engine.sysRead"}}, counted{2, []string{"a.F<b.G"}})
	dangling := cpuProfile(counted{1, []string{"a.F", "a.G"}})
	dangling.Location = dangling.Location[:1]
	for _, p := range []*profile.Profile{small, dangling, cpuProfile(), cpuProfile(counted{3, []string{"a[", "b.c]<d/e.f"}})} {
		var b bytes.Buffer
		if err := p.WriteUncompressed(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := profile.ParseUncompressed(data)
		if err != nil {
			return
		}
		if r, err := Analyse(p, 1, 0); err == nil {
			checkAddsUp(t, r)
		}
	})
}

// FuzzParseFrame: whatever a symbol table holds comes apart without loss of the
// full name, and no type argument is left.
func FuzzParseFrame(f *testing.F) {
	for _, s := range []string{"runtime.mallocgc", "a/b.(*T[...]).M", "a.F[b/c.D[int]].func1", "]", "[", ".", "/."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fr := parseFrame(s)
		if fr.full != s {
			t.Fatalf("full name %q became %q", s, fr.full)
		}
		if strings.ContainsRune(fr.pkg+fr.name, '[') {
			t.Fatalf("%q: a type argument is left in %q, %q", s, fr.pkg, fr.name)
		}
	})
}
