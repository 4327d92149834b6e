package engine

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Links is how the nodes of an engine reach each other.
type Links uint8

const (
	// TCP links go through the kernel, to nodes of any process (the default).
	TCP Links = iota
	// Mem links stay inside the process: references move, bytes do not.
	Mem
	// Shm links are TCP, but between processes of one host and one user that both have
	// them bytes go through shared memory, on Linux, with a fraction of the trips to the
	// kernel. Nodes of one engine, and whoever cannot share memory, go on with TCP.
	Shm
)

// String is the name that the command line uses.
func (l Links) String() string {
	switch l {
	case Mem:
		return "mem"
	case Shm:
		return "shm"
	}
	return "tcp"
}

// Options of an engine; the zero value is ready.
type Options struct {
	Loops       int             // event loops; 0 means one a processor core (GOMAXPROCS)
	Links       Links           // how nodes reach each other
	Core        core.Config     // tunables of the switch
	Pool        bufpool.Options // slab size, by default as the machine's cache allows, and memory budget
	SocketBytes int             // kernel send and receive buffer of a TCP lane; 0 lets it follow what the lane does (widen.go)
	ReadBytes   int             // most bytes read from a lane at once; 0 means one slab
	ExpectNodes int             // how many nodes there will be, for placement; 0 means unknown
	Seed        uint64          // of the nodes' randomness; 0 draws one
	Log         *slog.Logger    // nil means silence

	// Epoch is when the world began, as a reading of Clock: Node.Now is the time since.
	// 0 means that it begins with this engine. The engines of one world, each in a process
	// of its own, are given the same, and then their nodes agree on the time.
	Epoch time.Duration

	// Buffers bounds what a link holds; the zero value leaves the sizes above as they
	// are.
	Buffers Buffers

	// HelloTimeout is how long a connection may take to say who it is; 0 means
	// 10 seconds.
	HelloTimeout time.Duration

	wideBytes int // kernel buffers of a lane that moves much; 0 if all have SocketBytes
}

// Buffers sizes the buffers of every lane in messages, as the paper's experiments do:
// small ones make back-pressure quick. A full lane holds at most 2 × Messages on each
// side: Messages in the sender's queue and as many in the kernel's send buffer;
// Messages in the kernel's receive buffer and as many that were read and wait for the
// switch. (Links in memory have the sender's queue, and what the receiver has taken
// over.) The kernel rounds its buffers up to some 4 KiB.
//
// It sets Core.QueueMsgs, Core.QueueBytes, SocketBytes and ReadBytes.
type Buffers struct {
	Messages int // 0: not set
	Payload  int // bytes in the messages that are meant
}

// set sizes what the buffers stand for.
func (b Buffers) set(o *Options) error {
	switch {
	case b == (Buffers{}):
		return nil
	case b.Messages < 1 || b.Payload < 0 || b.Payload > wire.MaxPayloadLimit:
		return fmt.Errorf("engine: Options.Buffers of %d messages of %d bytes: want 1 message or more, of 0 to %d bytes", b.Messages, b.Payload, wire.MaxPayloadLimit)
	}
	bytes := b.Messages * (b.Payload + wire.HeaderSize)
	o.Core.QueueMsgs, o.Core.QueueBytes = b.Messages, bytes
	o.ReadBytes = bytes
	o.SocketBytes = max(bytes/2, 1) // the kernel doubles it, for its own bookkeeping
	return nil
}

func (o Options) withDefaults() (Options, error) {
	for _, v := range []struct {
		name string
		n    int
	}{{"Loops", o.Loops}, {"SocketBytes", o.SocketBytes}, {"ReadBytes", o.ReadBytes}, {"ExpectNodes", o.ExpectNodes}} {
		if v.n < 0 {
			return o, fmt.Errorf("engine: Options.%s is %d: it cannot be negative", v.name, v.n)
		}
	}
	if o.HelloTimeout < 0 {
		return o, fmt.Errorf("engine: Options.HelloTimeout is %v: it cannot be negative", o.HelloTimeout)
	}
	if o.HelloTimeout == 0 {
		o.HelloTimeout = helloTimeout
	}
	if o.Links > Shm {
		return o, fmt.Errorf("engine: Options.Links is %d: use engine.TCP, engine.Shm or engine.Mem", o.Links)
	}
	if err := o.Buffers.set(&o); err != nil {
		return o, err
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	if o.Loops == 0 {
		o.Loops = runtime.GOMAXPROCS(0)
	}
	if o.Core.DelaySlack == 0 {
		o.Core.DelaySlack = delaySlack
	}
	o = o.sized()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// NodeOptions of one node; the zero value lets the engine choose everything.
type NodeOptions struct {
	// Listen is the address and port to listen on, such as "127.0.0.1:7001", and to be
	// known by unless Advertise says otherwise. Port 0, and an empty string, let the
	// system choose a port on 127.0.0.1. An unspecified address (0.0.0.0, or :: for IPv4
	// as well) needs Advertise. A link-local address needs a zone, as in
	// "[fe80::1%eth0]:7001". With Mem links nothing listens and an empty string makes
	// up a name.
	Listen string

	// Advertise is the address to be known by where that is not the one to listen on
	// (behind NAT, in a container): an IP address, with or without a port. Without one,
	// or with port 0, it is the port that the node listens on. It is the node's ID:
	// others dial it. A node that dials either of its addresses is refused.
	Advertise string

	// Zone names the network interface through which link-local peers (fe80::/10) are
	// dialled, since node IDs have no zone; empty means that of Listen or Advertise, if
	// they have one. Without any, dialling a link-local peer is refused.
	Zone string

	// Loop places the node; the zero value leaves it to the engine.
	Loop Placement

	// Bandwidth is what the node may send and receive from the start; the zero value
	// is no limit. Change it, and set what its links do, with Node.Do and the node's
	// SetBandwidth and SetLink.
	Bandwidth emul.Bandwidth
}

// Placement says on which loop a node lives.
type Placement struct{ loop int }

// OnLoop places a node on the loop with index i, from 0.
func OnLoop(i int) Placement { return Placement{loop: i + 1} }
