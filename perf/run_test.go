package perf

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/pprof"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sysRead, sysWrite and framing stand for the engine's and the framer's.
//
//go:noinline
func sysRead(fd int, b []byte) (int, error) { return unix.Read(fd, b) }

//go:noinline
func sysWrite(fd int, b []byte) (int, error) { return unix.Write(fd, b) }

//go:noinline
func framing(b []byte) (sum byte) {
	for range 8 {
		for _, x := range b {
			sum = sum*31 + x
		}
	}
	return sum
}

func testRules() *RuleSet {
	const self = module + "/perf"
	rs := DefaultRules().With(
		Rule{Category: KernelRead, Space: InKernel, Match: []Pattern{{Package: self, Functions: []string{"sysRead"}}}},
		Rule{Category: KernelWrite, Space: InKernel, Match: []Pattern{{Package: self, Functions: []string{"sysWrite"}}}},
		Rule{Category: Framing, Space: InUser, Match: []Pattern{{Package: self, Functions: []string{"framing"}}}},
	)
	return &rs
}

func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	u, err := usage()
	if err != nil {
		t.Fatal(err)
	}
	return u.user + u.system
}

func TestUserPercent(t *testing.T) {
	u := cpuUsage{user: 2, system: 5}
	if got := u.userPercentTo(cpuUsage{user: 5, system: 14}); got != 25 {
		t.Errorf("3 user and 9 system are %v%% user", got)
	}
	if got := u.userPercentTo(u); got != 0 {
		t.Errorf("no time at all is %v%% user", got)
	}
}

// relayLoop writes a block to a socket, reads it back and looks at it, until the
// process has used enough CPU time for a few dozen samples.
func relayLoop(t *testing.T, enough time.Duration) Workload {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(unix.Close(pair[0]), unix.Close(pair[1])); err != nil {
			t.Error(err)
		}
	})
	// Small: the race detector looks at every byte that a call touches, and would
	// drown a call that copies many.
	block := make([]byte, 256)
	return func(ctx context.Context) (hops uint64, cpu, wall time.Duration, err error) {
		start, began := cpuTime(t), time.Now()
		for cpu < enough && ctx.Err() == nil {
			for range 16 {
				n, err := sysWrite(pair[0], block)
				if err != nil {
					return hops, cpu, 0, err
				}
				for n > 0 {
					m, err := sysRead(pair[1], block)
					if err != nil {
						return hops, cpu, 0, err
					}
					n -= m
				}
				hops++
			}
			framing(block[:32])
			cpu = cpuTime(t) - start
		}
		return hops, cpu, time.Since(began), nil
	}
}

// TestRealProfile holds the rules against what this Go release and this system
// really write, not what the synthetic stacks assume.
func TestRealProfile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	opts := Options{Title: "loop", Dir: dir, Name: "loop", Rules: testRules()}
	r, err := Run(t.Context(), opts, relayLoop(t, 600*time.Millisecond))
	if errors.Is(err, ErrNoSamples) {
		t.Skip("this system's profiling timer gave no sample in 0.6 s of CPU")
	}
	if err != nil {
		t.Fatal(err)
	}
	checkAddsUp(t, r)
	// Under the race detector too, either call takes about a quarter of the time.
	// With some 60 samples none at all in one of them is out of the question.
	if r.Row(KernelRead).Samples == 0 || r.Row(KernelWrite).Samples == 0 {
		t.Errorf("kernel read %d, kernel write %d of %d samples", r.Row(KernelRead).Samples, r.Row(KernelWrite).Samples, r.Samples)
	}
	if r.Row(KernelOther).Samples > r.Samples/2 {
		t.Errorf("%d of %d samples are in unknown system calls", r.Row(KernelOther).Samples, r.Samples)
	}
	if r.OSUserPercent <= 0 || r.OSUserPercent >= 100 {
		t.Errorf("the system counted %v%% as user time", r.OSUserPercent)
	}
	if r.Title != "loop" || r.Wall <= 0 || r.CPU < 600*time.Millisecond || r.Messages == 0 {
		t.Errorf("title %q, wall %v, CPU %v, messages %d", r.Title, r.Wall, r.CPU, r.Messages)
	}
	if r.ProfilePath != filepath.Join(dir, "loop.pprof") {
		t.Errorf("saved at %q", r.ProfilePath)
	}
	if info, err := os.Stat(r.ProfilePath); err != nil || info.Size() == 0 {
		t.Errorf("the saved profile: %v, %v", info, err)
	}
	var b bytes.Buffer
	if err := r.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + b.String())
}

func TestRunPassesTheWorkloadsErrorOn(t *testing.T) {
	broken := errors.New("connection refused")
	work := func(context.Context) (uint64, time.Duration, time.Duration, error) { return 0, 0, 0, broken }
	dir := t.TempDir()
	if r, err := Run(t.Context(), Options{Dir: dir}, work); !errors.Is(err, broken) || r != nil {
		t.Errorf("%v, %v", r, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("a failed run left %v, %v", left, err)
	}
	profilerIsFree(t)
}

func TestRunWhileProfiling(t *testing.T) {
	var b bytes.Buffer
	if err := pprof.StartCPUProfile(&b); err != nil {
		t.Fatal(err)
	}
	called := false
	_, err := Run(t.Context(), Options{}, func(context.Context) (uint64, time.Duration, time.Duration, error) {
		called = true
		return 1, 0, 0, nil
	})
	pprof.StopCPUProfile()
	if !errors.Is(err, ErrProfilerBusy) || called {
		t.Errorf("%v, workload called: %v", err, called)
	}
}

func TestRunStopsTheProfilerAfterAPanic(t *testing.T) {
	func() {
		defer func() {
			if recover() != "oops" {
				t.Error("the panic was lost")
			}
		}()
		_, err := Run(t.Context(), Options{}, func(context.Context) (uint64, time.Duration, time.Duration, error) { panic("oops") })
		t.Errorf("returned %v", err)
	}()
	profilerIsFree(t)
}

func profilerIsFree(t *testing.T) {
	t.Helper()
	var b bytes.Buffer
	if err := pprof.StartCPUProfile(&b); err != nil {
		t.Errorf("the profiler was left on: %v", err)
		return
	}
	pprof.StopCPUProfile()
}

func TestRunReportsAnEmptyWindow(t *testing.T) {
	dir := t.TempDir()
	_, err := Run(t.Context(), Options{Dir: dir}, func(context.Context) (uint64, time.Duration, time.Duration, error) {
		return 0, time.Second, time.Second, nil
	})
	if !errors.Is(err, ErrNoMessages) {
		t.Errorf("%v", err)
	}
	// The raw profile is there all the same, under its default name.
	if _, err := os.Stat(filepath.Join(dir, "switch.pprof")); err != nil {
		t.Error(err)
	}
}

func TestRunCannotSave(t *testing.T) {
	file := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	work := func(context.Context) (uint64, time.Duration, time.Duration, error) {
		return 1, time.Second, time.Second, nil
	}
	if _, err := Run(t.Context(), Options{Dir: file}, work); err == nil {
		t.Error("a file passed for a folder")
	}
	if _, err := Run(t.Context(), Options{Dir: filepath.Dir(file), Name: "no/such/folder"}, work); err == nil {
		t.Error("a name with folders that do not exist was written")
	}
}

func TestMisusePanics(t *testing.T) {
	for name, f := range map[string]func(){
		"Run without a workload":  func() { _, _ = Run(t.Context(), Options{}, nil) },
		"Analyse without profile": func() { _, _ = Analyse(nil, 1, 0) },
		"row of no category":      func() { (&Report{}).Row("tea") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			f()
		}()
	}
}
