package perf

const (
	module = "github.com/ioverlay/ioverlay"
	xUnix  = "golang.org/x/sys/unix"
)

// DefaultRules returns the table for programs built with this module. The engine
// makes its socket calls in functions named sysRead, sysWrite and sysWritev, and
// its wake-ups in functions whose name starts with sysWake; that is how the
// calls are told apart.
func DefaultRules() RuleSet {
	return RuleSet{
		Entries: kernelEntries(),
		Transparent: []Pattern{
			{Package: "golang.org/x/sys/..."},
			{Package: "github.com/cespare/xxhash/v2"},
			{Package: "github.com/fxamacker/cbor/v2"},
		},
		Rules: []Rule{
			// The profiler's own goroutine, whatever it allocates or waits for.
			{Category: Other, Where: Anywhere, Match: []Pattern{{Package: "runtime/pprof", Functions: []string{"profileWriter"}}}},

			// System calls: for whom. The engine's three names come before the
			// rule that takes whatever else the module calls, which in turn must
			// come before the poller, at the bottom of every loop's stack.
			{Category: KernelRead, Space: InKernel, Match: []Pattern{{Package: module + "/core/engine", Functions: []string{"sysRead"}}}},
			{Category: KernelWrite, Space: InKernel, Match: []Pattern{{Package: module + "/core/engine", Functions: []string{"sysWrite", "sysWritev"}}}},
			{Category: Poll, Space: InKernel, Match: []Pattern{{Package: module + "/core/engine", Functions: []string{"sysWake*"}}}},
			{Category: KernelOther, Space: InKernel, Match: []Pattern{{Package: module + "/..."}}},

			// Waiting for readiness, in either space.
			{Category: Poll, Match: []Pattern{
				{Package: xUnix, Functions: []string{"Epoll*", "Kevent", "kevent", "Kqueue"}},
				{Package: "github.com/panjf2000/gnet/v2/..."},
			}},

			// The module, finest first.
			{Category: Pool, Match: []Pattern{
				{Package: module + "/bufpool/..."},
				{Package: module + "/ring/..."},
				{Package: "github.com/valyala/bytebufferpool/..."},
			}},
			{Category: Framing, Match: []Pattern{
				{Package: module + "/core/wire/..."},
				{Package: module + "/core", Functions: []string{"(*InLane).usual", "(*Node).unusual", "(*Node).inspect"}},
			}},
			{Category: Switch, Match: []Pattern{{Package: module + "/core/..."}}},
			{Category: Algorithm, Match: []Pattern{
				{Package: module + "/algos/..."},
				{Package: module + "/coding/..."},
				{Package: "github.com/klauspost/reedsolomon"},
			}},
			{Category: Application, Match: []Pattern{{Package: module + "/apps/..."}}},
			{Category: Other, Match: []Pattern{{Package: module + "/..."}}},

			// The runtime, scheduler first: some of its names start with "gc".
			{Category: Scheduler, Match: []Pattern{{Package: "runtime", Functions: schedulerFunctions()}}},
			{Category: GC, Match: []Pattern{
				{Package: "runtime", Functions: gcFunctions()},
				{Package: "internal/runtime/gc/..."},
			}},
		},
	}
}

// kernelEntries are the functions that hold the system call instruction.
func kernelEntries() []Pattern {
	return []Pattern{
		// Linux: every call of package syscall and x/sys/unix ends here. Go 1.26 has
		// it in internal/runtime/syscall/linux, earlier releases one level up.
		{Package: "internal/runtime/syscall/...", Functions: []string{"Syscall6"}},
		{Package: "runtime/internal/syscall", Functions: []string{"Syscall6"}},
		{Package: "syscall", Functions: []string{
			"rawVforkSyscall", "rawSyscallNoError",
			// darwin, where the profiler stops at the libc call.
			"syscall", "syscallX", "syscall6", "syscall6X", "syscall9", "syscallPtr", "syscalln",
			"rawSyscall", "rawSyscall6", "rawSyscall9", "rawsyscalln",
		}},
		{Package: xUnix, Functions: []string{"SyscallNoError", "RawSyscallNoError"}},
		// The runtime's own stubs (sys_linux_*.s; darwin: sys_darwin.go).
		{Package: "runtime", Functions: []string{
			"futex", "usleep", "osyield", "madvise", "sysMmap", "sysMunmap", "mincore", "tgkill", "gettid", "getpid",
			"clone", "read", "write1", "open", "closefd", "pipe2", "exitThread", "sigaltstack", "rtsigprocmask",
			"rt_sigaction", "sigreturn__sigaction", "timer_create", "timer_settime", "timer_delete", "setitimer",
			"sched_getaffinity",
			"kevent", "kqueue", "pthread_cond_wait", "pthread_cond_timedwait_relative_np", "pthread_cond_signal",
			"pthread_mutex_lock", "pthread_mutex_unlock", "libcCall", "asmcgocall", "syscall_syscalln", "syscall_rawsyscalln",
		}},
	}
}

// schedulerFunctions are the runtime's scheduler, its netpoller, its timers and
// what hands a processor over when a system call may block.
func schedulerFunctions() []string {
	return []string{
		"schedule", "findRunnable*", "findrunnable", "stealWork", "runqsteal", "runqgrab", "runqget", "runqput*", "runqempty", "runqdrain",
		"globrunq*", "checkRunqsNoP", "checkTimersNoP", "checkIdleGCNoP", "wakeNetPoller", "resetspinning", "injectglist",
		"pollWork", "execute", "mcall", "park_m", "gopark*", "goready*", "ready", "goparkunlock", "parkunlock_c", "dropg",
		"Gosched", "goschedImpl", "gosched_m", "goschedguarded*", "gopreempt_m", "preemptPark", "goyield*", "goexit0", "goexit1", "gdestroy",
		"mPark", "mstart*", "newm*", "startm", "stopm", "wakep", "handoffp", "stoplockedm", "startlockedm", "gcstopm", "mspinning",
		"mget*", "mput", "pidleput", "pidleget*", "acquirep*", "releasep*", "wirep", "procresize", "casgstatus", "casGToWaiting*",
		"entersyscall*", "reentersyscall", "exitsyscall*", "sysmon*", "retake", "preemptall", "preemptone",
		"futexsleep*", "futexwakeup", "notesleep", "notetsleep*", "notewakeup", "semasleep", "semawakeup",
		"netpoll*", "(*timers).*", "(*timer).*", "checkTimers", "runtimer", "timeSleep*",
		"newproc*", "lockOSThread", "unlockOSThread", "startTheWorld*",
	}
}

// gcFunctions are garbage collection, allocation and write barriers.
func gcFunctions() []string {
	return []string{
		"gc*", "GC", "mallocgc*", "newobject", "newarray", "makeslice*", "growslice*", "makechan*", "makemap*", "persistentalloc*",
		"nextFreeFast", "deductAssistCredit", "deductSweepCredit", "profilealloc",
		"bgsweep", "bgscavenge", "sweepone", "finishsweep_m", "stopTheWorld*", "forEachP*",
		"markroot*", "scan*", "greyobject", "shade", "findObject", "spanOf*", "tryDeferToSpanScan", "spanSetScans",
		"wbBuf*", "(*wbBuf).*", "wbZero", "wbMove", "bulkBarrier*", "typeBitsBulkBarrier", "heapBits*", "heapSetType*", "typePointers.*",
		"(*gcWork).*", "(*gcControllerState).*", "(*gcCPULimiterState).*", "(*spanQueue).*", "(*spanSPMC).*", "(*workbuf).*", "(*lfstack).*",
		"(*mheap).*", "(*mcache).*", "(*mcentral).*", "(*mspan).*", "(*sweepLocked).*", "(*sweepLocker).*", "(*activeSweep).*",
		"(*pageAlloc).*", "(*pageCache).*", "(*scavengerState).*", "(*scavengeIndex).*", "(*spanSet).*", "(*fixalloc).*",
		"(*stackScanState).*", "runFinalizers", "runfinq", "_GC",
	}
}
