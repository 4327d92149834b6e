package a

import (
	crand "crypto/rand"
	oldrand "math/rand"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

// World embeds Base, which makes it an algorithm.
type World struct {
	algos.Base
	mu    sync.Mutex
	jobs  chan int
	begun time.Time
	step  stepper
}

type stepper interface{ step() }

type stepA struct{}

func (stepA) step() { time.Sleep(1) } // want `clock: time.Sleep stops the loop`

func NewWorld() *World {
	return &World{begun: time.Now()} // want `clock: time.Now is the machine's time`
}

func (w *World) Clock() {
	_ = time.Since(w.begun) // want `clock: time.Since`
	<-time.After(1)         // want `channel: a receive` `clock: time.After`
	now := time.Now         // want `clock: time.Now`
	_ = now
	helper()
	w.step.step()
}

func helper() {
	time.NewTimer(time.Second) // want `clock: time.NewTimer`
}

func notReached() time.Time { return time.Now() }

func (w *World) Goroutine() {
	go w.Clock() // want `goroutine: `
}

func (w *World) Channels() {
	w.jobs = make(chan int) // want `channel: make`
	w.jobs <- 1             // want `channel: a send waits`
	for range w.jobs {      // want `channel: a range over a channel`
	}
	select { // want `channel: a select`
	case <-w.jobs:
	default:
	}
	close(w.jobs) // want `channel: close`
}

func (w *World) Random() {
	_ = rand.IntN(3)            // want `randomness: rand.IntN draws from Go's global source`
	_ = rand.N(3)               // want `randomness: rand.N`
	_ = oldrand.Int()           // want `randomness: rand.Int`
	crand.Read(make([]byte, 1)) // want `randomness: rand.Read`
	r := rand.New(rand.NewPCG(1, 2))
	_ = r.IntN(3)
	_ = w.Rand().IntN(3)
}

func (w *World) Locks() {
	w.mu.Lock() // want `lock: sync.Mutex.Lock`
}

func (w *World) IO() {
	_, _ = os.ReadFile("x")            // want `world: os.ReadFile`
	_, _ = net.Dial("tcp", "x")        // want `world: net.Dial`
	_ = net.ParseIP("10.0.0.1")        // computes
	_ = runtime.NumCPU()               // want `world: runtime.NumCPU`
	_ = 3 * time.Second.Milliseconds() // arithmetic
}

func (w *World) Silenced() {
	_ = time.Now() //ioverlay:impure is printed only
	//ioverlay:impure so is this
	_ = time.Now()
	_ = time.Now() // want `clock: time.Now`
	/* want "without a reason" */ //ioverlay:impure
}

// Sink is called on the loop too.
type Sink struct{}

func (Sink) Consume(n *core.Node, m *core.Msg) {
	_ = time.Now() // want `clock: time.Now`
}

// Server is none of a node's.
type Server struct{ c chan int }

func (s *Server) Serve() {
	go func() { s.c <- 1 }()
	time.Sleep(1)
}
