package perf

// Category is what a moment of CPU time was spent on. Every sample is in exactly
// one category.
type Category string

// The categories, in the order in which a message meets them.
const (
	// KernelRead is time inside read calls of the engine's sockets.
	KernelRead Category = "kernel read"
	// KernelWrite is time inside write and writev calls of the engine's sockets.
	// On loopback it includes the receiving side of TCP, which runs in the
	// sender's call.
	KernelWrite Category = "kernel write"
	// KernelOther is time inside any other system call.
	KernelOther Category = "kernel other"
	// Poll is waiting for readiness: the kernel's part (epoll_wait, epoll_ctl,
	// wake-ups) and the poller's own code. [Row.UserPercent] tells them apart.
	Poll Category = "poll"
	// Framing is finding messages in bytes, and writing headers.
	Framing Category = "framing"
	// Switch is the rest of core and core/engine.
	Switch Category = "switch"
	// Algorithm is algos and the coding package that they call.
	Algorithm Category = "algorithm"
	// Application is sources and sinks.
	Application Category = "application"
	// Pool is slabs, reference counts and rings.
	Pool Category = "pool"
	// Scheduler is Go's scheduler and netpoller, with the futex calls they make.
	Scheduler Category = "scheduler"
	// GC is garbage collection and allocation, with the system calls they make.
	GC Category = "GC"
	// Other is everything else, and everything that no rule knows.
	Other Category = "other"
)

// Categories returns all categories in the order of the report.
func Categories() []Category {
	return []Category{
		KernelRead, KernelWrite, KernelOther, Poll, Framing, Switch,
		Algorithm, Application, Pool, Scheduler, GC, Other,
	}
}
