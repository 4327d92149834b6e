package engine_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Limits, latency and loss on a link between two nodes. What the link loses is
// counted, and the rest arrives.
func Example_emulation() {
	eng, err := engine.New(engine.Options{
		Buffers: engine.Buffers{Messages: 10, Payload: 5120},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()

	sink := &apps.Checker{}
	slow, err := eng.AddNode(relay.New(sink), engine.NodeOptions{
		Bandwidth: emul.Bandwidth{Down: 200 * emul.KBps},
	})
	if err != nil {
		log.Fatal(err)
	}
	source, err := eng.AddNode(relay.New(nil, slow.ID()), engine.NodeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	err = source.Do(func(n *core.Node) {
		n.SetBandwidth(emul.Bandwidth{Total: 4 * emul.MBps, Up: 400 * emul.KBps})
		n.SetLink(slow.ID(), emul.Link{
			Rate:    300 * emul.KBps,
			Latency: 20 * time.Millisecond,
			Jitter:  emul.Jitter{Dist: emul.Normal, Spread: 2 * time.Millisecond},
			Loss:    0.05,
		})
		n.AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: 1000, Limit: 100}))
	})
	if err != nil {
		log.Fatal(err)
	}

	var lost, received uint64
	for lost+received < 100 {
		stats, err := source.Stats()
		if err != nil {
			log.Fatal(err)
		}
		lost = stats.Lost.EmulMsgs
		if err := slow.Do(func(*core.Node) { received = sink.Tally().Messages }); err != nil {
			log.Fatal(err)
		}
	}
	if err := eng.Stop(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(lost+received, "messages accounted for")
	// Output: 100 messages accounted for
}

// scout is an algorithm that asks for measurements and reports, and says what it is
// told of them and of its links.
type scout struct {
	algos.Base
	peer core.NodeID
	told chan string
}

func (s *scout) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeStarted:
		s.ReportEvery(time.Second)
		s.MeasureLatency(s.peer)
	case wire.TypeMeasured:
		r, err := algos.ParseMeasured(m)
		if err != nil {
			log.Fatal(err)
		}
		if r.What == algos.Latency && r.Failed == "" {
			s.told <- fmt.Sprint("latency known: ", r.Median > 0)
			s.MeasureBandwidth(s.peer)
		} else if r.Failed == "" {
			s.told <- fmt.Sprint("bandwidth known: ", r.Rate > 0)
		}
	case wire.TypeUpThroughput, wire.TypeDownThroughput:
		t := m.Throughput() // t.Peer, t.Direction, t.Rate(), t.RTT, t.LostMsgs, ...
		_ = t
	case wire.TypeLinkStalled, wire.TypeLinkRecovered, wire.TypeLinkDown, wire.TypeBrokenSource:
		e := m.Link()
		s.told <- fmt.Sprintf("%v %v: %v", m.Type(), e.Direction, e.Reason)
	}
	return s.Base.Process(m)
}

// Measurements that an algorithm asks for, and a failure that it is told of.
func Example_measurementsAndFailures() {
	eng, err := engine.New(engine.Options{
		Core: core.Config{StallTimeout: time.Second, FailTimeout: 10 * time.Second},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	far, err := eng.AddNode(relay.New(nil), engine.NodeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	s := &scout{peer: far.ID(), told: make(chan string, 10)}
	if _, err := eng.AddNode(s, engine.NodeOptions{Bandwidth: emul.Bandwidth{Up: emul.MBps}}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-s.told)
	fmt.Println(<-s.told)
	far.Kill()
	for e := range s.told {
		if strings.HasPrefix(e, "link-down downstream") {
			fmt.Println(e)
			break
		}
	}
	// Output:
	// latency known: true
	// bandwidth known: true
	// link-down downstream: reset
}
