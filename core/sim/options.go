package sim

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
)

// Defaults and limits, with their reasons.
const (
	// DefaultHop is how long a link takes with nothing emulated: about what one
	// way through a local network takes. It is small beside any latency worth
	// emulating, and large enough that a lane of one slab a hop (1.3 GB/s) does
	// not fill a virtual second with more messages than anybody waits for.
	DefaultHop = 100 * time.Microsecond

	// DefaultDialTimeout is how long a destination may take to answer a dial, as
	// in the live engine.
	DefaultDialTimeout = 10 * time.Second

	// DefaultBudget is what the slabs of a world may take: virtual nodes by the
	// thousand are meant to live in 2 GB.
	DefaultBudget = 1 << 30

	// DefaultMaxSteps is how many events and rounds may be of one instant. More
	// means that something repeats itself for ever, such as a timer of no time that
	// sets itself again. Ten thousand nodes that all hear of a hundred messages at
	// once are far below it.
	DefaultMaxSteps = 20_000_000

	// DefaultMaxTimers is how many timers of one node may go off at one instant. A node that sets a hundred
	// thousand different ones for the same time is thinkable, and one that sets itself again with no time in between gets there at once.
	DefaultMaxTimers = 200_000
)

// Order is in what order the events of one instant happen.
type Order uint8

const (
	// InOrder is the order in which they were caused (the default).
	InOrder Order = iota
	// Shuffled is an order that the seed draws. Messages of one lane, and timers
	// of one node, stay in order.
	Shuffled
)

// Options of a world; the zero value is ready.
type Options struct {
	Seed uint64          // decides all that is random
	Core core.Config     // tunables of the switch
	Pool bufpool.Options // slab size and memory budget; a budget of 0 means DefaultBudget

	Hop         time.Duration // how long a link takes, before anything emulated; 0 means DefaultHop
	WindowBytes int           // most bytes under way on a lane, exceeded by at most one run; 0 means Core.QueueBytes
	WindowMsgs  int           // the same in messages; 0 means Core.QueueMsgs
	DialTimeout time.Duration // how long a dial may wait for an answer; 0 means DefaultDialTimeout
	Order       Order         // of events of one instant
	MaxSteps    int           // most events and rounds of one instant; 0 means DefaultMaxSteps
	MaxTimers   int           // most timers of one node at one instant; 0 means DefaultMaxTimers

	Watch Watcher // told of all that happens; nil means nobody, which costs nothing
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		name string
		v    *time.Duration
		def  time.Duration
	}{
		{"Hop", &o.Hop, DefaultHop}, {"DialTimeout", &o.DialTimeout, DefaultDialTimeout},
	} {
		if *d.v < 0 {
			panic(fmt.Sprintf("sim: Options.%s is %v; it cannot be negative", d.name, *d.v))
		}
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	if o.WindowBytes < 0 || o.WindowMsgs < 0 || o.MaxSteps < 0 || o.Order > Shuffled {
		panic(fmt.Sprintf("sim: Options with WindowBytes %d, WindowMsgs %d, MaxSteps %d, Order %d; the first three cannot be negative, and the order is InOrder or Shuffled",
			o.WindowBytes, o.WindowMsgs, o.MaxSteps, o.Order))
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = DefaultMaxSteps
	}
	if o.MaxTimers <= 0 {
		o.MaxTimers = DefaultMaxTimers
	}
	if o.Pool.Budget == 0 {
		o.Pool.Budget = DefaultBudget
	}
	return o
}
