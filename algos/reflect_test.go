package algos_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// What whoever forges a hello can have a node send to its victim: no more bytes than he
// has sent himself, and so many messages a second; to an observer, a report a second.
func TestUnprovenPeersAreSentNoMoreThanTheySend(t *testing.T) {
	const seconds, perSecond = 60, 50
	mark := make([]byte, 300)
	copy(mark, []byte{0, 0, 0, 4, 0, 0, 0, 4}) // the end of a train of probes
	for _, c := range []struct {
		name     string
		typ      core.Type
		payload  []byte
		observer bool
		answers  int
	}{
		{"ping", wire.TypePing, nil, false, seconds * perSecond},
		{"ping of 300 bytes", wire.TypePing, mark, false, seconds * perSecond},
		{"probe", wire.TypeProbe, mark, false, seconds * perSecond},
		{"probe that is shorter than a report", wire.TypeProbe, mark[:8], false, 0},
		{"request", wire.TypeRequest, nil, false, 0},
		{"request longer than a report", wire.TypeRequest, make([]byte, 4000), false, 0},
		{"ping as the observer", wire.TypePing, mark, true, seconds * perSecond},
		{"request as the observer", wire.TypeRequest, nil, true, seconds + 8 - 1}, // the burst, and no more in its last second
		{"query", wire.TypeQuery, algos.Encode(map[string]any{"asker": nodeID(9), "ttl": 9}), false, seconds * perSecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := coretest.New(t, core.Config{})
			var victim coretest.Recorder
			w.Node(nodeID(9).String(), &victim)
			b := &algos.Base{}
			w.Node("node", b)
			b.Join(5)
			w.RunFor(0)
			if c.observer {
				b.Observer = nodeID(9)
			}
			sent := 0
			for i := range seconds * perSecond {
				deliverBy(liar{}, w, b, wire.Header{Type: c.typ, Sender: nodeID(9), Seq: 5<<32 | uint64(i+1), Size: len(c.payload)}, c.payload)
				sent += wire.HeaderSize + len(c.payload)
				w.RunFor(time.Second / perSecond)
			}
			got, bytes := 0, 0
			for _, r := range victim.Got {
				if !r.Type.Local() && r.Type != wire.TypeTrace {
					got++
					bytes += wire.HeaderSize + len(r.Payload)
				}
			}
			if got != c.answers || !c.observer && bytes > sent {
				t.Errorf("the victim got %d messages of %d bytes, want %d and at most the %d bytes that were sent", got, bytes, c.answers, sent)
			}
			if want := uint64(seconds*perSecond - c.answers); b.Refused() != want {
				t.Errorf("%d refused, want %d", b.Refused(), want)
			}
		})
	}
}

// A stranger makes no host known, so he cannot choose where announcements and queries go.
func TestStrangersMakeNoHostsKnown(t *testing.T) {
	for _, typ := range []core.Type{wire.TypeAnnounce, wire.TypeQuery} {
		w := coretest.New(t, core.Config{})
		b := &algos.Base{}
		w.Node("node", b)
		w.RunFor(0)
		var hosts []core.NodeID
		for i := range 1000 {
			hosts = append(hosts, nodeID(100+i))
		}
		reply := algos.Encode(algos.BootReply{Hosts: hosts})
		deliver(w, b, wire.Header{Type: wire.TypeBootReply, Sender: nodeID(9), Size: len(reply)}, reply)
		w.RunFor(0)
		query := algos.Encode(map[string]any{"asker": nodeID(9), "ttl": 9})
		if typ == wire.TypeAnnounce {
			query = nil
		}
		deliver(w, b, wire.Header{Type: typ, Sender: nodeID(9), Seq: 5<<32 | 1, Size: len(query)}, query)
		w.RunFor(0)
		if lanes := len(b.Stats().Downstream); lanes != 0 || len(b.Known()) != 0 {
			t.Errorf("%v: the node knows %d hosts and has opened %d lanes", typ, len(b.Known()), lanes)
		}
	}
}

// Copies to all known hosts are bounded, whatever is passed on.
func TestCopiesAreBounded(t *testing.T) {
	const hosts, many, copies, rate = 1000, 200, 16 << 10, 1 << 10
	for _, typ := range []core.Type{wire.TypeAnnounce, wire.TypeQuery} {
		w := coretest.New(t, core.Config{})
		b := &algos.Base{}
		w.Node("node", b)
		w.RunFor(0)
		for i := range hosts {
			w.Node(nodeID(100+i).String(), &coretest.Recorder{})
			b.AddHost(nodeID(100 + i))
		}
		number := uint64(0)
		flood := func() (refused uint64) {
			before := b.Refused()
			for range many {
				number++
				var payload []byte
				if typ == wire.TypeQuery {
					payload = algos.Encode(map[string]any{"asker": nodeID(9), "ttl": 9})
				}
				deliver(w, b, wire.Header{Type: typ, Sender: nodeID(7), Seq: 5<<32 | number, Size: len(payload)}, payload)
				w.RunFor(0)
			}
			return b.Refused() - before
		}
		if got, want := many-flood(), uint64(copies/hosts); got != want {
			t.Errorf("%v: %d were passed on to %d hosts each, want %d", typ, got, hosts, want)
		}
		w.RunFor(10 * time.Second)
		if got := many - flood(); got < 10*rate/hosts || got > 10*rate/hosts+1 {
			t.Errorf("%v: %d were passed on after ten seconds, want %d", typ, got, 10*rate/hosts)
		}
	}
}
