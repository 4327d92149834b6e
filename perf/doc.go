// Package perf answers one question: where does a switched message's time go?
//
// [Run] puts Go's CPU profiler around a measured window, and [Analyse] sorts
// every sample of the profile into one [Category]: the kernel reading, the
// kernel writing, polling, framing, the switch itself, the algorithm and so on.
// The rules are a table (rules_table.go), not code. [Report] says how much of
// the CPU time each category took and how many nanoseconds a message that is,
// where a message means a message-hop: one message over one link.
//
// # What a sample is
//
// The profiler interrupts each thread once in 10 ms of CPU time that the thread
// consumed, in user or in kernel mode, and records the stack. A thread that
// sleeps, or waits in epoll_wait, is not sampled. A signal that falls due while
// the thread is in the kernel is delivered when the call returns, so its stack
// ends in the function that made the call: internal/runtime/syscall/linux.Syscall6
// or one of the runtime's own assembly stubs. A sample is "kernel" if and only
// if the function at its leaf is one of those. What the call was made for is
// told by the nearest frame above that a rule knows, sysRead for example.
//
// # The user share
//
// The user share is the part of all samples that is neither kernel nor
// [Scheduler]: framing, switch, algorithm, application, pool, the poller's own
// code, garbage collection and allocation, and everything unknown. It is the
// number that says what the middleware itself costs, beside what moving bytes
// through sockets costs anyway. [Report.UserMode] also counts the Go scheduler
// and netpoller, for those who want nothing left out.
//
// Known errors of the split, all small:
//   - Crossing the border counts as kernel: the trap, the way out with interrupts
//     off, and the dozen instructions around them in the same assembly function.
//     [Report.OSUserPercent] is the operating system's own split, which calls the
//     way out user time: in a loop of 64 KiB copies over a socket pair it showed
//     2.0% user where the profile showed 0.7%, which is 40 ns a call. Where system
//     calls are dear it is far more: in a guest with page-table isolation, a chain of
//     128 KiB blocks, 19.8% where the profile showed 12.5%. Linux's perf, which without
//     hardware counters samples by a timer, calls it user too, and says where it is: at the
//     one instruction behind SYSCALL, at which the interrupt that fell due in the
//     kernel is taken. docs/decisions.md has the figures.
//   - Page faults and interrupts taken in user mode are charged to the function
//     that they hit, so to user.
//   - The clock is read in user mode (vDSO) and counts as user. On a machine
//     without vDSO clocks it is a system call, and still counts as user.
//   - On darwin the leaf is the libc wrapper and not the system call; the split
//     is right to within that wrapper, but kernel and scheduler are best effort.
//
// # Sampling error
//
// A share p measured with n samples has the standard deviation sqrt(p(1-p)/n).
// For a true user share of 8%: 1,000 samples (10 CPU-seconds) give 95% limits of
// about 1.7 points to either side, 3,000 about 1.0, 11,000 about 0.5. The report
// prints the sample count and, for each share, the 95% Wilson interval, which
// unlike the textbook interval stays honest when a category has few samples or
// none. Systematic errors, such as work in step with the clock tick, are not in it.
//
// # Why the rate stays at 100 Hz
//
// Read in Go 1.26: pprof.StartCPUProfile always calls
// runtime.SetCPUProfileRate(100). To raise the rate one must set it first; then
// the runtime prints "cannot set cpu profile rate until previous profile has
// finished" to standard error in the inner call, and if StartCPUProfile fails
// after that (somebody else is profiling) the profiler is left on with no
// reader, and no CPU profile can ever be taken in that process again. Nor does
// it buy much: Linux checks thread CPU timers at the scheduler tick, so a kernel
// with CONFIG_HZ=250 gives at most 250 samples a CPU-second and silently drops
// the rest. A longer window is the safe way to more samples.
package perf
