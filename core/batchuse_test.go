package core

import (
	"testing"

	"github.com/ioverlay/ioverlay/core/wire"
)

// batchRig is a node with a function for ProcessBatch, and a run of eight messages to it.
func batchRig(t *testing.T, act func(f *fan, b *Batch)) (w *world, f *fan, up *feeder) {
	w = newWorld(t, Config{})
	f = &fan{dests: []NodeID{nodeID(10)}}
	f.act = func(b *Batch) { act(f, b) }
	w.ports(endless)
	n := w.fan(0, f)
	w.settle()
	var specs []spec
	for i := range 8 {
		specs = append(specs, spec{sender: nodeID(77), app: 1, seq: uint64(i), size: 10})
	}
	up = w.feeder(n, 1, 1, w.makeRun(specs...), w.makeRun(specs...))
	return w, f, up
}

// What is wrong in ProcessBatch ends the node, as in Process, and leaks nothing.
func TestBatchMisuse(t *testing.T) {
	var kept *Batch
	for name, act := range map[string]func(f *fan, b *Batch){
		"a panic":      func(*fan, *Batch) { panic("as the test asks") },
		"a late panic": func(_ *fan, b *Batch) { b.Take(); panic("as the test asks") },
		"taken twice":  func(_ *fan, b *Batch) { b.Take(); b.Take() },
		"in a loop": func(_ *fan, b *Batch) {
			b.Take()
			for range b.All() {
				panic("as the test asks")
			}
		},
		"after the end": func(_ *fan, b *Batch) { kept = b },
	} {
		t.Run(name, func(t *testing.T) {
			w, f, _ := batchRig(t, act)
			defer w.close()
			w.settle()
			if kept != nil {
				f.sw.Call(func() { kept.Take() })
			}
			if w.crash(f.Node) == nil {
				t.Error("the node goes on")
			}
			w.check()
		})
	}
}

// An algorithm that declines gets each message in Process, and is asked once a run.
func TestBatchDeclined(t *testing.T) {
	asked := 0
	w, f, _ := batchRig(t, func(*fan, *Batch) { asked++ })
	defer w.close()
	w.settle()
	if asked != 2 || f.alone != 16 {
		t.Errorf("asked %d times, and shown %d messages; want 2, once a run, and all 16", asked, f.alone)
	}
}

// What was taken can be looked at, retained and sent on whatever becomes of the lane.
func TestBatchOutlivesItsLane(t *testing.T) {
	var kept []*Msg
	w, f, up := batchRig(t, func(f *fan, b *Batch) {
		if b.Take() == 0 {
			t.Error("there was nothing to take")
		}
		f.CloseUpstream(b.From())
		for m := range b.All() {
			checkPayload(t, m)
			f.Retain(m)
			kept = append(kept, m)
		}
	})
	defer w.close()
	w.settle()
	if !up.lane.Closed() || len(kept) != 8 || f.Held() != 8 {
		t.Errorf("kept %d messages, the node says %d; want 8", len(kept), f.Held())
	}
	for i, m := range kept {
		checkPayload(t, m)
		if m.Seq() != uint64(i) {
			t.Errorf("message %d is in place %d", m.Seq(), i)
		}
		f.Release(m)
	}
	w.check()
}

// Data made of a batch that finds a queue full stops the lane when the batch is over.
func TestBatchMakesData(t *testing.T) {
	w, f, up := batchRig(t, func(f *fan, b *Batch) {
		b.Take()
		for range b.All() {
			f.Send(f.NewMsg(wire.TypeData, 1, 0), nodeID(10))
		}
	})
	defer w.close()
	w.sh.cfg.QueueMsgs = 3
	ps := w.ports(0)
	w.settle()
	l := ps.to(10, 1).lane
	if !up.lane.Blocked() || l.msgs != 3 || len(l.over) != 5 || up.lane.msgs != 8 {
		t.Errorf("%d messages are queued and %d wait after %d; want 3, 5, 8", l.msgs, len(l.over), up.lane.msgs)
	}
	w.check()
	f.act = func(b *Batch) { b.Take() }
	ps.to(10, 1).give(endless)
	w.settle()
	if up.lane.msgs != 16 {
		t.Errorf("%d messages were switched, want all 16", up.lane.msgs)
	}
}

// A batch on a lane that is being drained is no part of what the switch said on it last.
func TestBatchAfterSignals(t *testing.T) {
	w, f, _ := batchRig(t, func(f *fan, b *Batch) {
		f.EndSession(1)
		b.Take(f.dests...)
	})
	defer w.close()
	ps := w.ports(0)
	f.sw.Call(func() { f.Send(f.NewMsg(wire.TypeData, 1, 0), nodeID(10)) })
	w.settle()
	if l := ps.to(10, 1).lane; l.signals != (Tally{}) || l.said != nil || l.msgs < 9 {
		t.Errorf("%d messages, of which the last %v (%d) would count as the switch's own", l.msgs, l.signals, l.said)
	}
}
