package file_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps/file"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A source that is to wait sends nothing but polls until somebody comes, however long that takes, and then all blocks once.
func TestWaitsForTheFirst(t *testing.T) {
	data := noise(50_000, 1)
	src := sender(t, "a", data, 1000, file.SourceOptions{Wait: true})
	b := newBox(file.SinkOptions{})
	w := simtest.New(t, sim.Options{Seed: 1})
	r := relay.New(nil)
	from := w.AddNode("source", func() core.Algorithm { return file.Beside(r, src) })
	from.Core().AddSource(app, src)
	w.RunFor(5 * time.Minute)
	if sc := src.Counts(); sc.Sent != 0 || sc.Rounds != 0 || sc.Polls == 0 || sc.Polls > 302 || src.Over() || src.Came() {
		t.Fatalf("while nobody is there %+v", sc)
	}
	to := w.AddNode("sink", func() core.Algorithm { return file.Beside(relay.New(nil), b.Sink) })
	from.Core().Call(func() { r.SetDownstreams(to.ID()) })
	w.RunFor(3 * time.Second)
	if sc := src.Counts(); !b.has("a", data) || sc.Sent != 50 || sc.Repeated != 0 || !src.Came() || src.Over() {
		t.Errorf("%+v, the source %+v", b.Counts(), sc)
	}
	w.RunFor(time.Minute)
	if !src.Over() {
		t.Error("it does not end when nobody has lacked anything for long")
	}
}

// A request is somebody too, though no link of data is there: what is lacking is all that is sent first.
func TestWaitsForARequest(t *testing.T) {
	data := noise(5000, 1)
	src := sender(t, "a", data, 1000, file.SourceOptions{Wait: true})
	w := simtest.New(t, sim.Options{Seed: 1})
	from := w.AddNode("source", func() core.Algorithm { return file.Beside(relay.New(nil), src) })
	asks := w.AddNode("asks", func() core.Algorithm { return relay.New(nil) })
	lacks := file.Request{ID: src.ID(), App: app, Ranges: []byte{0, 0, 0, 0, 0, 0, 0, 1}}
	p := make([]byte, lacks.Len())
	lacks.Put(p)
	w.Send(asks, from.ID(), file.TypeRequest, 0, 0, p) // before it has begun
	w.RunFor(time.Second)
	from.Core().AddSource(app, src)
	w.RunFor(10 * time.Second)
	w.Send(asks, from.ID(), file.TypeRequest, 0, 1, p)
	w.RunFor(10 * time.Second)
	if sc := src.Counts(); sc.Late != 1 || sc.Requests != 1 || sc.Stale != 1 || sc.Sent != 5 || sc.Repeated != 0 || !src.Came() {
		t.Errorf("%+v", sc)
	}
}

// It gives up if it is told to.
func TestWaitsNoLonger(t *testing.T) {
	src := sender(t, "a", noise(5000, 1), 1000, file.SourceOptions{Wait: true, GiveUp: 10 * time.Second, Stay: true})
	w := simtest.New(t, sim.Options{Seed: 1})
	from := w.AddNode("source", func() core.Algorithm { return file.Beside(relay.New(nil), src) })
	from.Core().AddSource(app, src)
	w.RunFor(9900 * time.Millisecond)
	if src.Over() {
		t.Error("it ends before that")
	}
	w.RunFor(time.Second) // the last poll is given its time
	if !src.Over() || src.Came() || src.Counts().Sent != 0 {
		t.Errorf("over: %v, %+v", src.Over(), src.Counts())
	}
}

// The window of a poll may be longer than a receiver bears with silence: who has nothing to add keeps quiet all the same.
func TestALongWindowIsKept(t *testing.T) {
	const nodes = 100
	data := noise(20_000, 1)
	src := sender(t, "a", data, 1000, file.SourceOptions{Window: 20 * time.Second, Quiet: time.Hour})
	w := simtest.New(t, sim.Options{Seed: 1})
	boxes := make([]*box, nodes)
	var ids []core.NodeID
	for i := range boxes {
		boxes[i] = newBox(file.SinkOptions{})
		ids = append(ids, w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return file.Beside(relay.New(nil), boxes[i].Sink) }).ID())
	}
	hub := w.AddNode("hub", func() core.Algorithm { return relay.New(nil, ids...) })
	from := w.AddNode("source", func() core.Algorithm { return file.Beside(relay.New(nil, hub.ID()), src) })
	from.SetLink(hub.ID(), emul.Link{Loss: 0.3})
	from.Core().AddSource(app, src)
	w.RunFor(10 * time.Minute)
	for i, b := range boxes {
		if !b.has("a", data) {
			t.Fatalf("node %d: %+v", i, b.Counts())
		}
	}
	if sc := src.Counts(); sc.Requests > sc.Rounds*nodes/5 {
		t.Errorf("%d requests in %d rounds of %d nodes: %+v", sc.Requests, sc.Rounds, nodes, sc)
	}
}

// For how long a source has been silent is known, and counts neither its windows, nor when nothing is lacking.
func TestIdle(t *testing.T) {
	data := noise(20_000, 1)
	src := sender(t, "a", data, 1000, file.SourceOptions{Rate: 2000})
	b := newBox(file.SinkOptions{})
	w, _, _ := pair(t, 1, emul.Link{}, src, b)
	idle := func() time.Duration { return b.Idle(w.Now()) }
	if idle() != 0 {
		t.Error("it is idle before there is anything")
	}
	w.RunFor(5 * time.Second)
	if got := idle(); got > 500*time.Millisecond || b.Counts().Blocks == 0 {
		t.Errorf("idle for %v with %+v", got, b.Counts())
	}
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: []string{"source"}})
	w.RunFor(time.Minute) // in which it asks, and asks
	if got := idle(); got < 59*time.Second || got > time.Minute+time.Second || b.Counts().Requests == 0 {
		t.Errorf("idle for %v with %+v", got, b.Counts())
	}
	again := sender(t, "a", data, 1000, file.SourceOptions{Stay: true})
	w.AddNode("again", func() core.Algorithm { return file.Beside(relay.New(nil, w.Node("sink").ID()), again) }).Core().AddSource(app, again)
	w.RunFor(10 * time.Second)
	if got := idle(); got != 0 || !b.has("a", data) {
		t.Errorf("idle for %v with the file: %+v", got, b.Counts())
	}
}

// Each message of a transfer that is not taken is counted as what it is.
func TestWhatIsNotTaken(t *testing.T) {
	wants, has := sender(t, "a", noise(5000, 1), 1000, file.SourceOptions{}), sender(t, "b", noise(5000, 2), 1000, file.SourceOptions{})
	only, all := newBox(file.SinkOptions{Only: wants.ID()}), newBox(file.SinkOptions{})
	w := simtest.New(t, sim.Options{Seed: 1})
	stranger := w.AddNode("stranger", func() core.Algorithm { return relay.New(nil) })
	block := make([]byte, file.HeaderLen+1)
	file.Header{Kind: file.KindBlock, ID: has.ID()}.Put(block)
	pending := make([]byte, file.HeaderLen+8)
	file.Header{Kind: file.KindPending, ID: has.ID()}.Put(pending)
	pending[len(pending)-1] = 1
	for i, b := range []*box{only, all} {
		n := w.AddNode(fmt.Sprint("sink", i), func() core.Algorithm { return file.Beside(relay.New(nil), b.Sink) })
		w.Send(stranger, n.ID(), wire.TypeData, app, 0, block)
		w.Send(stranger, n.ID(), wire.TypeData, app, 1, pending)
	}
	w.RunFor(time.Second)
	if c := only.Counts(); c.Foreign != 2 || c.Early != 0 || c.Bad != 0 {
		t.Errorf("of another transfer than the one that is wanted: %+v", c)
	}
	if c := all.Counts(); c.Early != 2 || c.Foreign != 0 || c.Bad != 0 {
		t.Errorf("of one that is not known yet: %+v", c)
	}
}

// A stranger's manifest of a huge file takes no memory.
func TestMemoryIsBounded(t *testing.T) {
	b := newBox(file.SinkOptions{})
	w := simtest.New(t, sim.Options{Seed: 1})
	stranger := w.AddNode("stranger", func() core.Algorithm { return relay.New(nil) })
	to := w.AddNode("sink", func() core.Algorithm { return file.Beside(relay.New(nil), b.Sink) })
	m := file.Manifest{Name: "huge", Length: file.MaxBlockLen * file.MaxBlocks, BlockLen: file.MaxBlockLen}
	p := m.Append(make([]byte, file.HeaderLen))
	file.Header{Kind: file.KindManifest, ID: m.ID()}.Put(p)
	w.Send(stranger, to.ID(), wire.TypeData, app, 0, p)
	w.RunFor(time.Second)
	if c := b.Counts(); c.Refused != 1 || len(b.ended) != 1 || !errors.Is(b.ended[0], file.ErrRefused) || !strings.Contains(b.ended[0].Error(), "memory for") {
		t.Errorf("%+v, %v", c, b.ended)
	}
}
