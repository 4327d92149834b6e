package endpoint_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps/stream"
	"github.com/ioverlay/ioverlay/apps/stream/endpoint"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const app = 1

// patience is for what takes a moment on a machine with time.
const patience = 2 * time.Minute

// film is so many synthetic packets.
func film(packets int) []byte {
	b := make([]byte, packets*stream.PacketLen)
	for i := range packets {
		stream.Synthetic(b[i*stream.PacketLen:], uint64(i))
	}
	return b
}

// kept is a writer that keeps what it is given.
type kept struct {
	mu sync.Mutex
	b  []byte
}

func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.b = append(k.b, p...)
	return len(p), nil
}

func (k *kept) bytes() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return bytes.Clone(k.b)
}

// theatre is a source's node and a sink's, which plays to an output until the stream has ended.
type theatre struct {
	eng   *engine.Engine
	from  *engine.Node
	sink  *stream.Sink
	ended chan struct{}
}

func open(t *testing.T, out *endpoint.Output) *theatre {
	t.Helper()
	eng, err := engine.New(engine.Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(eng.Close)
	x := &theatre{eng: eng, ended: make(chan struct{})}
	x.sink = stream.NewSink(stream.SinkOptions{App: app, Delay: 50 * time.Millisecond, Out: out.Write, Ended: func() { close(x.ended) }})
	sink, err := eng.AddNode(stream.Beside(relay.New(nil), x.sink), engine.NodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if x.from, err = eng.AddNode(relay.New(nil, sink.ID()), engine.NodeOptions{}); err != nil {
		t.Fatal(err)
	}
	return x
}

// feed runs an input into it, to the end of the stream.
func (x *theatre) feed(ctx context.Context, t *testing.T, in *endpoint.Input) *endpoint.Feed {
	t.Helper()
	f := endpoint.NewFeed(in, stream.SourceOptions{App: app})
	if err := x.from.Do(func(n *core.Node) { n.AddSource(app, f.Source) }); err != nil {
		t.Fatal(err)
	}
	if err := f.Run(ctx, x.from); err != nil {
		t.Fatal(err)
	}
	x.wait(t)
	return f
}

func (x *theatre) wait(t *testing.T) {
	t.Helper()
	select {
	case <-x.ended:
	case <-time.After(patience):
		t.Fatal("the stream has not ended")
	}
}

func closed(t *testing.T, out *endpoint.Output) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := out.Close(ctx); err != nil {
		t.Error(err)
	}
}

// From standard input to standard output, and over HTTP from a server: every byte.
func TestStandardStreamsAndFetching(t *testing.T) {
	all := film(5000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/live.ts" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(all)
	}))
	defer server.Close()
	for _, name := range []string{"-", server.URL + "/live.ts"} {
		var got kept
		out, err := endpoint.OpenOutput("-", &got)
		if err != nil {
			t.Fatal(err)
		}
		in, err := endpoint.OpenInput(t.Context(), name, bytes.NewReader(all))
		if err != nil {
			t.Fatal(err)
		}
		x := open(t, out)
		f := x.feed(t.Context(), t, in)
		closed(t, out)
		if b := got.bytes(); !bytes.Equal(b, all) || out.Dropped() != 0 {
			t.Errorf("%s: %d bytes of %d, %d dropped; %+v, %+v", name, len(b), len(all), out.Dropped(), f.Source.Counts(), x.sink.Counts())
		}
	}
	if _, err := endpoint.OpenInput(t.Context(), server.URL+"/nowhere.ts", nil); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("what is not there: %v", err)
	}
}

// Over UDP in and out: each datagram waits for the one before to be there, since UDP loses what is too much.
func TestUDP(t *testing.T) {
	to, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = to.Close() }()
	out, err := endpoint.OpenOutput("udp://"+to.LocalAddr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	in, err := endpoint.OpenInput(t.Context(), "udp://127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	x := open(t, out)
	ctx, over := context.WithCancel(t.Context())
	fed := make(chan struct{})
	go func() { defer close(fed); x.feed(ctx, t, in) }()
	c, err := net.Dial("udp", in.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	all, buf := film(7*20), make([]byte, 1<<16)
	for at := 0; at < len(all); at += 7 * stream.PacketLen {
		if _, err := c.Write(all[at : at+7*stream.PacketLen]); err != nil {
			t.Fatal(err)
		}
		_ = to.SetReadDeadline(time.Now().Add(patience))
		n, err := to.Read(buf)
		if err != nil || !bytes.Equal(buf[:n], all[at:at+7*stream.PacketLen]) {
			t.Fatalf("%d bytes after %d: %v", n, at, err)
		}
	}
	over()
	<-fed
	closed(t, out)
}

// Viewers over HTTP get the stream from the next beginning of a unit on, and its end.
func TestServing(t *testing.T) {
	out, err := endpoint.OpenOutput("http://127.0.0.1:0/live.ts", nil)
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + out.Addr().String()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if r, err := client.Get(url + "/other"); err != nil || r.StatusCode != http.StatusNotFound {
		t.Errorf("another path: %v, %v", r, err)
	} else {
		_ = r.Body.Close()
	}
	r, err := client.Get(url + "/live.ts")
	if err != nil || r.Header.Get("Content-Type") != "video/mp2t" {
		t.Fatalf("%v, %v", r, err)
	}
	defer func() { _ = r.Body.Close() }()
	for begin := time.Now(); out.Readers() == 0 && time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		continue
	}
	all := film(100)
	out.Write(all[5*stream.PacketLen:]) // in the middle of a unit of 14
	closed := make(chan error)
	go func() { closed <- out.Close(t.Context()) }()
	got, err := io.ReadAll(r.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.Equal(got, all[14*stream.PacketLen:]) {
		t.Errorf("%d bytes: %v", len(got), err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// stuck is a writer that takes nothing until it is let go.
type stuck struct {
	let  chan struct{}
	kept kept
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.let
	return s.kept.Write(p)
}

// A reader that takes nothing makes nobody wait: what it has no room for is dropped and counted, and what follows begins whole.
func TestSlowReader(t *testing.T) {
	w := &stuck{let: make(chan struct{})}
	out, err := endpoint.OpenOutput("-", w)
	if err != nil {
		t.Fatal(err)
	}
	const packets = 6000
	all := film(packets)
	for at := 0; at < len(all); at += stream.PacketLen {
		out.Write(all[at : at+stream.PacketLen])
	}
	dropped := out.Dropped()
	if dropped == 0 || dropped >= packets {
		t.Errorf("%d of %d dropped", dropped, packets)
	}
	close(w.let)
	for begin := time.Now(); len(w.kept.bytes()) < (packets-int(dropped))*stream.PacketLen && time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		continue
	}
	before := len(w.kept.bytes())
	out.Write(all[:20*stream.PacketLen][5*stream.PacketLen:])
	closed(t, out)
	if got := w.kept.bytes()[before:]; !bytes.Equal(got, all[14*stream.PacketLen:20*stream.PacketLen]) {
		t.Errorf("after the gap %d bytes", len(got))
	}
}

// broken is a writer that fails.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestStandardOutputThatFails(t *testing.T) {
	out, err := endpoint.OpenOutput("-", broken{})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(film(1))
	if err := <-out.Failed(); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	closed(t, out)
}

func TestNames(t *testing.T) {
	for _, name := range []string{"", "film.ts", "ftp://127.0.0.1/x", "udp://localhost:5000", "udp://127.0.0.1", "udp://127.0.0.1:1/path", "%", "http:///{x}"} {
		if _, err := endpoint.OpenInput(t.Context(), name, nil); !strings.HasPrefix(name, "http") && !errors.Is(err, endpoint.ErrName) {
			t.Errorf("the input %q: %v", name, err)
		}
		if _, err := endpoint.OpenOutput(name, nil); !errors.Is(err, endpoint.ErrName) {
			t.Errorf("the output %q: %v", name, err)
		}
	}
}
