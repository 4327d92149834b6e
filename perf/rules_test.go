package perf

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseFrame(t *testing.T) {
	for _, c := range []struct{ full, pkg, name string }{
		{"runtime.mallocgc", "runtime", "mallocgc"},
		{"github.com/ioverlay/ioverlay/core.(*Node).Serve", "github.com/ioverlay/ioverlay/core", "(*Node).Serve"},
		{"github.com/ioverlay/ioverlay/core/engine.sysRead.func1", "github.com/ioverlay/ioverlay/core/engine", "sysRead.func1"},
		{"github.com/ioverlay/ioverlay/ring.(*SPSC[...]).Push", "github.com/ioverlay/ioverlay/ring", "(*SPSC).Push"},
		{"a.org/ring.(*SPSC[go.shape.*a.org/core.Msg]).Push.func2", "a.org/ring", "(*SPSC).Push.func2"},
		{"a.org/m.F[a.org/m.G[int]]", "a.org/m", "F"},
		{"gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3", "Unmarshal"},
		{"main.main", "main", "main"},
		{"memmove", "", "memmove"},
		{"", "", ""},
	} {
		f := parseFrame(c.full)
		if f.pkg != c.pkg || f.name != c.name || f.full != c.full {
			t.Errorf("parseFrame(%q) = package %q, name %q, want %q, %q", c.full, f.pkg, f.name, c.pkg, c.name)
		}
	}
}

func TestMatchesName(t *testing.T) {
	for _, c := range []struct {
		want, name string
		match      bool
	}{
		{"sysRead", "sysRead", true},
		{"sysRead", "sysRead.func1", true},
		{"sysRead", "sysRead.func1.2", true},
		{"sysRead", "sysRead-fm", true},
		{"sysRead", "sysReadv", false},
		{"sysRead", "(*loop).sysRead", false},
		{"sysRead", "sysRead.String", false}, // a method of a type with that name
		{"sysWake*", "sysWakeUp", true},
		{"sysWake*", "sysWaits", false},
		{"(*mheap).*", "(*mheap).alloc", true},
		{"(*mheap).*", "(*mheapish).alloc", false},
	} {
		if got := matchesName(c.want, c.name); got != c.match {
			t.Errorf("matchesName(%q, %q) = %v, want %v", c.want, c.name, got, c.match)
		}
	}
}

// stack makes frames of names, leaf first. "~" stands for the module's path.
func stack(names ...string) []frame {
	fs := make([]frame, len(names))
	for i, n := range names {
		fs[i] = parseFrame(strings.Replace(n, "~", module, 1))
	}
	return fs
}

// loop is the outer end of every stack of an event loop.
var loop = []string{
	"~/core/engine.(*loop).ready",
	"~/core/engine.(*loop).poll.func1",
	"github.com/panjf2000/gnet/v2/pkg/netpoll.(*Poller).Polling",
	"~/core/engine.(*loop).run",
	"runtime.goexit",
}

func inLoop(names ...string) []string { return append(names, loop...) }

const syscall6 = "internal/runtime/syscall/linux.Syscall6"

func TestDefaultRules(t *testing.T) {
	for _, c := range []struct {
		name  string
		stack []string
		want  Category
		space Space
		user  bool
	}{
		// System calls.
		{"read by raw call", inLoop(syscall6, "syscall.RawSyscall6", "syscall.RawSyscall", "~/core/engine.sysRead", "~/core/engine.(*loop).readFD"), KernelRead, InKernel, false},
		{"read by x/sys", inLoop(syscall6, "syscall.RawSyscall6", "syscall.Syscall", "golang.org/x/sys/unix.read", "golang.org/x/sys/unix.Read", "~/core/engine.sysRead"), KernelRead, InKernel, false},
		{"read by an older Go", inLoop("runtime/internal/syscall.Syscall6", "~/core/engine.sysRead"), KernelRead, InKernel, false},
		{"write", inLoop(syscall6, "~/core/engine.sysWrite"), KernelWrite, InKernel, false},
		{"writev", inLoop(syscall6, "golang.org/x/sys/unix.writev", "~/core/engine.sysWritev", "~/core/engine.(*conn).Flush", "~/core.(*OutLane).flush"), KernelWrite, InKernel, false},
		{"read on darwin", inLoop("syscall.syscall", "golang.org/x/sys/unix.read", "~/core/engine.sysRead"), KernelRead, InKernel, false},
		{"epoll_wait", []string{syscall6, "syscall.RawSyscall6", "syscall.Syscall6", "golang.org/x/sys/unix.EpollWait", "github.com/panjf2000/gnet/v2/pkg/netpoll.(*Poller).Polling", "~/core/engine.(*loop).run"}, Poll, InKernel, false},
		{"epoll_ctl", inLoop(syscall6, "golang.org/x/sys/unix.EpollCtl", "github.com/panjf2000/gnet/v2/pkg/netpoll.(*Poller).Delete"), Poll, InKernel, false},
		{"wake-up by the poller", inLoop(syscall6, "golang.org/x/sys/unix.Write", "github.com/panjf2000/gnet/v2/pkg/netpoll.(*Poller).Trigger"), Poll, InKernel, false},
		{"wake-up by the engine", inLoop(syscall6, "golang.org/x/sys/unix.Write", "~/core/engine.sysWakeSelf"), Poll, InKernel, false},
		{"close, though under the poller", inLoop(syscall6, "golang.org/x/sys/unix.Close", "~/core/engine.(*conn).close"), KernelOther, InKernel, false},
		{"file read by an application", inLoop(syscall6, "os.(*File).Read", "~/apps/file.(*Source).Produce"), KernelOther, InKernel, false},
		{"futex", []string{"runtime.futex", "runtime.futexsleep", "runtime.notesleep", "runtime.stopm", "runtime.findRunnable", "runtime.schedule"}, Scheduler, InKernel, false},
		{"the runtime's netpoll", []string{syscall6, "internal/runtime/syscall/linux.EpollWait", "runtime.netpoll", "runtime.findRunnable", "runtime.schedule", "runtime.mcall"}, Scheduler, InKernel, false},
		{"sysmon asleep", []string{"runtime.usleep", "runtime.sysmon", "runtime.mstart1"}, Scheduler, InKernel, false},
		{"memory given back", []string{"runtime.madvise", "runtime.sysUnusedOS", "runtime.(*pageAlloc).scavengeOne", "runtime.bgscavenge"}, GC, InKernel, false},
		{"a call by nobody known", []string{"runtime.sigreturn__sigaction"}, KernelOther, InKernel, false},

		// The module in user mode.
		{"the wrapper around a read", inLoop("~/core/engine.sysRead", "~/core/engine.(*loop).readFD"), Switch, InUser, true},
		{"framing", inLoop("encoding/binary.bigEndian.Uint32", "~/core/wire.Peek", "~/core.(*InLane).usual", "~/core.(*Node).Serve"), Framing, InUser, true},
		{"framing in core", inLoop("~/core.(*InLane).usual", "~/core.(*Node).Serve"), Framing, InUser, true},
		{"moving a tail", inLoop("runtime.memmove", "~/core/wire.(*Framer).Compact"), Framing, InUser, true},
		{"switch", inLoop("~/core.(*Node).Serve"), Switch, InUser, true},
		{"QoS", inLoop("~/core/qos.(*Meter).Add", "~/core.(*Node).Serve"), Switch, InUser, true},
		{"clock", inLoop("runtime.nanotime1", "time.Now", "~/core/engine.(*loop).now"), Switch, InUser, true},
		{"algorithm", inLoop("~/algos/relay.(*Algorithm).Process", "~/core.(*Node).Serve"), Algorithm, InUser, true},
		{"called by the algorithm", inLoop("~/core.(*Node).Send", "~/algos/relay.(*Algorithm).Process", "~/core.(*Node).Serve"), Switch, InUser, true},
		{"coding", inLoop("~/coding.dotGFNI", "~/coding.(*Encoder).Encode", "~/algos/rlnc.(*A).Process"), Algorithm, InUser, true},
		{"map in the algorithm", inLoop("internal/runtime/maps.(*Map).getWithKey", "runtime.mapaccess1", "~/algos/tree.(*A).Process"), Algorithm, InUser, true},
		{"application", inLoop("~/apps.(*BackToBack).Produce", "~/core.(*Node).Serve"), Application, InUser, true},
		{"pool", inLoop("sync/atomic.(*Int32).Add", "~/bufpool.(*Slab).Release", "~/core.(*OutLane).drop"), Pool, InUser, true},
		{"ring", inLoop("~/ring.(*SPSC[...]).Push", "~/core/engine.(*mem).put"), Pool, InUser, true},
		{"poller's own code", []string{"github.com/panjf2000/gnet/v2/pkg/netpoll.(*Poller).Polling", "~/core/engine.(*loop).run"}, Poll, InUser, true},
		{"poller's queue", []string{"github.com/panjf2000/gnet/v2/pkg/queue.(*lockFreeQueue).Dequeue", "github.com/panjf2000/gnet/v2/pkg/netpoll.(*Poller).Polling"}, Poll, InUser, true},
		{"command", []string{"~/cmd/ioverlay.progress", "main.main"}, Other, InUser, true},

		// The runtime.
		{"yield of the poller", []string{"runtime.casgstatus", "runtime.goschedImpl", "runtime.gosched_m", "runtime.mcall"}, Scheduler, InUser, false},
		{"entry to a call", inLoop("runtime.reentersyscall", "runtime.entersyscall", "syscall.Syscall", "golang.org/x/sys/unix.Read", "~/core/engine.sysRead"), Scheduler, InUser, false},
		{"exit of the poller's call", []string{"runtime.exitsyscall", "syscall.Syscall6", "golang.org/x/sys/unix.EpollWait", "github.com/panjf2000/gnet/v2/pkg/netpoll.(*Poller).Polling"}, Scheduler, InUser, false},
		{"lock in the scheduler", []string{"runtime.lock2", "runtime.lock", "runtime.findRunnable", "runtime.schedule", "runtime.park_m", "runtime.mcall"}, Scheduler, InUser, false},
		{"looking for a GC worker", []string{"runtime.gcstopm", "runtime.schedule"}, Scheduler, InUser, false},
		{"allocation", inLoop("runtime.nextFreeFast", "runtime.mallocgcSmallNoscan", "runtime.mallocgc", "runtime.newobject", "~/core.(*Node).Serve"), GC, InUser, true},
		{"zeroing for an allocation", inLoop("runtime.memclrNoHeapPointers", "runtime.mallocgcLarge", "~/bufpool.(*Pool).grow"), GC, InUser, true},
		{"marking", []string{"runtime.scanObject", "runtime.gcDrain", "runtime.gcBgMarkWorker.func2", "runtime.systemstack", "runtime.gcBgMarkWorker"}, GC, InUser, true},
		{"span scan of 1.26", []string{"internal/runtime/gc/scan.ScanSpanPacked", "runtime.scanSpan", "runtime.gcDrain", "runtime.gcBgMarkWorker"}, GC, InUser, true},
		{"assist", inLoop("runtime.gcAssistAlloc", "runtime.mallocgc", "~/core.(*Node).Send"), GC, InUser, true},
		{"traceback failed in GC", []string{"runtime._ExternalCode", "runtime._GC"}, GC, InUser, true},
		{"the profiler itself", []string{"runtime.mallocgc", "runtime/pprof.(*profileBuilder).addCPUData", "runtime/pprof.profileWriter"}, Other, InUser, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := DefaultRules().classify(stack(c.stack...))
			if v.category != c.want || v.space != c.space || v.user() != c.user {
				t.Errorf("got %q, kernel %v, user share %v; want %q, %v, %v",
					v.category, v.space == InKernel, v.user(), c.want, c.space == InKernel, c.user)
			}
			if v.known != (c.name != "a call by nobody known") {
				t.Errorf("known = %v", v.known)
			}
		})
	}
}

func TestUnknownFramesDecide(t *testing.T) {
	// A stranger's code under the switch is not the switch's time, and a
	// library of the standard library works for its caller.
	for _, c := range []struct {
		names []string
		want  Category
		known bool
	}{
		{[]string{"example.org/algo.(*A).Process", "~/core.(*Node).Serve"}, Other, false},
		{[]string{"sort.Slice", "example.org/algo.(*A).Process", "~/core.(*Node).Serve"}, Other, false},
		{[]string{"main.(*A).Process", "~/core.(*Node).Serve"}, Other, false},
		{[]string{"memset", "~/core.(*Node).Serve"}, Other, false}, // no package: foreign code
		{[]string{"sort.Slice", "runtime.main"}, Other, false},
		{[]string{"sort.Slice", "~/core.(*Node).Serve"}, Switch, true},
		{[]string{"github.com/cespare/xxhash/v2.Sum64", "~/core.(*Node).Serve"}, Switch, true},
		{nil, Other, false},
	} {
		v := DefaultRules().classify(stack(c.names...))
		if v.category != c.want || v.known != c.known || !v.user() {
			t.Errorf("%v: got %q, known %v, user %v; want %q, %v, true", c.names, v.category, v.known, v.user(), c.want, c.known)
		}
	}
}

func TestWithPutsRulesFirst(t *testing.T) {
	base := DefaultRules()
	before := len(base.Rules)
	rs := base.With(Rule{Category: Algorithm, Match: []Pattern{{Package: "example.org/algo/..."}}})
	v := rs.classify(stack("example.org/algo/tree.(*A).Process", "~/core.(*Node).Serve"))
	if v.category != Algorithm || !v.known {
		t.Errorf("got %q, known %v", v.category, v.known)
	}
	if len(base.Rules) != before || len(rs.Rules) != before+1 {
		t.Errorf("With changed its receiver or lost rules: %d before, %d after, %d in the result", before, len(base.Rules), len(rs.Rules))
	}
}

func TestAtLeaf(t *testing.T) {
	rs := DefaultRules().With(Rule{Category: Application, Space: InUser, Where: AtLeaf, Match: []Pattern{{Package: "runtime", Functions: []string{"memmove"}}}})
	if v := rs.classify(stack("runtime.memmove", "~/core/wire.F")); v.category != Application {
		t.Errorf("at the leaf: %q", v.category)
	}
	if v := rs.classify(stack("~/core/wire.F", "runtime.memmove")); v.category != Framing {
		t.Errorf("further out: %q", v.category)
	}
}

// A slow oracle for the Nearest rules: try every frame and every rule and keep
// the one with the least frame, then the least rule.
func TestNearestAgainstOracle(t *testing.T) {
	names := []string{
		"runtime.memmove", "runtime.mallocgc", "runtime.schedule", "sort.Slice", "~/core.(*Node).Serve", "~/core/wire.Peek",
		"~/bufpool.(*Slab).Release", "~/algos.X", "~/apps.Y", "~/cmd/ioverlay.main", "golang.org/x/sys/unix.Read",
		"golang.org/x/sys/unix.EpollWait", "~/core/engine.sysRead", "example.org/x.F", "main.main", syscall6, "runtime.futex",
	}
	rs := DefaultRules()
	rapid.Check(t, func(t *rapid.T) {
		st := stack(rapid.SliceOfN(rapid.SampledFrom(names), 1, 12).Draw(t, "stack")...)
		got := rs.classify(st)
		kernel := slices.Contains([]string{syscall6, "runtime.futex"}, st[0].full)
		if (got.space == InKernel) != kernel {
			t.Fatalf("kernel = %v, want %v", got.space == InKernel, kernel)
		}
		if want := oracle(rs, st, got.space); got.category != want {
			t.Fatalf("got %q, want %q", got.category, want)
		}
	})
}

func oracle(rs RuleSet, st []frame, space Space) Category {
	best, bestFrame := -1, len(st)
	for r := range rs.Rules {
		rule := rs.Rules[r]
		if rule.Where != Nearest || rule.Space != AnySpace && rule.Space != space {
			continue
		}
		for i := range st {
			if anyMatches(rule.Match, st[i]) && i < bestFrame {
				best, bestFrame = r, i
			}
		}
	}
	for i := 0; i < bestFrame && i < len(st); i++ {
		opaque := strings.HasPrefix(st[i].full, "example.org/") || strings.HasPrefix(st[i].full, "main.")
		if opaque {
			best = -1
		}
	}
	switch {
	case best >= 0:
		return rs.Rules[best].Category
	case space == InKernel:
		return KernelOther
	default:
		return Other
	}
}

// Every name in the tables must be one that a function can have: a typing error
// in a pattern would only show as time in the wrong row.
func TestPatternsAreWellFormed(t *testing.T) {
	rs := DefaultRules()
	patterns := append(slices.Clone(rs.Entries), rs.Transparent...)
	for _, r := range rs.Rules {
		if !slices.Contains(Categories(), r.Category) {
			t.Errorf("unknown category %q", r.Category)
		}
		patterns = append(patterns, r.Match...)
	}
	for _, p := range patterns {
		if p.Package == "" || strings.Contains(strings.TrimSuffix(p.Package, "/..."), "...") {
			t.Errorf("package %q", p.Package)
		}
		seen := map[string]bool{}
		for _, f := range p.Functions {
			if f == "" || f == "*" || seen[f] || strings.Contains(strings.TrimSuffix(f, ".*"), ".*") || strings.Count(f, "*")-strings.Count(f, "(*") > 1 {
				t.Errorf("function pattern %q in %s", f, p.Package)
			}
			seen[f] = true
		}
	}
}
