package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/record"
)

type message struct {
	Type    string
	Update  record.Update
	Updates int
	raw     string
}

// follow dials the WebSocket.
func follow(t *testing.T, s *api.Service, first string) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/api/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(1 << 30)
	t.Cleanup(func() { _ = c.CloseNow() })
	if first != "" {
		send(t, c, first)
	}
	return c
}

func send(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c *websocket.Conn) (m message) {
	t.Helper()
	_, text, err := c.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	m.raw = string(text)
	return m
}

func TestFollowing(t *testing.T) {
	f := newFake()
	s := serve(t, f, api.Listening{})
	c := follow(t, s, "")
	if m := read(t, c); m.Type != "snapshot" || !m.Update.Full || len(m.Update.Nodes) != 3 || strings.Contains(m.raw, "lookups") || strings.Contains(m.raw, "depth") {
		t.Errorf("first: %s", m.raw)
	}
	f.put(rate(2e9, 1, 77))
	if m := read(t, c); m.Type != "update" || len(m.Update.Nodes) != 1 || m.Update.Nodes[0].In.Or(0) != 77 {
		t.Errorf("then: %s", m.raw)
	}
}

// A page is sent what it shows, and no more.
func TestOnlyWhatIsShown(t *testing.T) {
	f := newFake()
	s := serve(t, f, api.Listening{})
	c := follow(t, s, `{"type":"show","nodes":[2],"detail":[2],"events":false}`)
	m := read(t, c)
	if len(m.Update.Nodes) != 1 || m.Update.Nodes[0].I != 2 || len(m.Update.Links) != 1 || len(m.Update.Events) != 0 || !strings.Contains(m.raw, "lookups") || !strings.Contains(m.raw, "depth") {
		t.Errorf("of one node: %s", m.raw)
	}
	f.put(rate(2e9, 0, 1)) // is not shown
	u := rate(3e9, 1, 1)
	u.Nodes = append(u.Nodes, record.Node{I: 2, In: record.Set(5.0)})
	u.Events = []record.Event{{T: 3e9, Kind: record.EventTrace, Text: "x"}}
	f.put(u)
	if m := read(t, c); m.Update.T != 3e9 || len(m.Update.Nodes) != 1 || m.Update.Nodes[0].I != 2 || len(m.Update.Events) != 0 {
		t.Errorf("after two updates: %s", m.raw)
	}
	send(t, c, `{"type":"show","nodes":"all"}`)
	if m := read(t, c); m.Type != "snapshot" || len(m.Update.Nodes) != 3 || len(m.Update.Links) != 2 {
		t.Errorf("of all again: %s", m.raw)
	}
}

func TestFollowersThatMakeNoSense(t *testing.T) {
	s := serve(t, newFake(), api.Listening{})
	for _, text := range []string{"no json", `{"type":"dance"}`, `{"type":"show","nodes":"some"}`, `{"type":"show","nodes":[-1]}`} {
		c := follow(t, s, text)
		for {
			_, _, err := c.Read(t.Context())
			if err == nil {
				continue
			}
			if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
				t.Errorf("%s: %v, want words about what was wrong", text, err)
			}
			break
		}
	}
}

// A page that reads nothing slows nobody, and is let go.
func TestAPageThatReadsNothing(t *testing.T) {
	f := newFake()
	s := serve(t, f, api.Listening{Options: api.Options{WriteTimeout: 200 * time.Millisecond, Streams: 2, RequestsPerSecond: 1e6, Burst: 1e6}})
	idle := raw(t, s, "/api/v1/stream", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")
	defer func() { _ = idle.Close() }()
	quick := follow(t, s, `{"type":"show","nodes":[1]}`)
	read(t, quick)
	big := strings.Repeat("x", 60_000)
	for i := range 400 { // more than sockets hold
		u := rate(2e9+record.Time(i), 0, 1)
		u.Nodes[0].Name = record.Set(big)
		f.put(u)
		f.put(rate(3e9+record.Time(i), 1, float64(i)))
		if i%2 == 1 {
			for {
				m := read(t, quick)
				if m.Type == "dropped" {
					continue
				}
				if n := len(m.Update.Nodes); n == 1 && m.Update.Nodes[0].In.Or(0) == float64(i) {
					break
				}
			}
		}
	}
	// It is let go: there is a place for another, while updates go on.
	for i, until := 0, time.Now().Add(2*time.Minute); ; i++ {
		u := rate(4e9+record.Time(i), 0, 1)
		u.Nodes[0].Name = record.Set(big)
		f.put(u)
		c, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/api/v1/stream", nil)
		if err == nil {
			_ = c.CloseNow()
			return
		}
		if time.Now().After(until) {
			t.Fatal("it was not let go")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// raw asks without reading.
func raw(t *testing.T, s *api.Service, path, header string) net.Conn {
	t.Helper()
	host := strings.TrimPrefix(s.URL, "http://")
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4096) // so that little fits
	}
	if _, err := c.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + header + "\r\n")); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSlowFollowersAreToldSo(t *testing.T) {
	f := newFake()
	s := serve(t, f, api.Listening{})
	c := follow(t, s, "")
	read(t, c)
	// More than what is kept for it and what sockets hold.
	big := strings.Repeat("x", 60_000)
	for i := range 1000 {
		u := rate(record.Time(2e9+i), 0, float64(i))
		u.Nodes[0].Name = record.Set(big)
		f.put(u)
	}
	dropped := 0
	for {
		m := read(t, c)
		if m.Type == "dropped" {
			dropped += m.Updates
			if next := read(t, c); next.Type != "snapshot" {
				t.Fatalf("after a gap comes %.100s", next.raw)
			} else {
				m = next
			}
		}
		if len(m.Update.Nodes) > 0 && m.Update.Nodes[0].In.Or(0) == 999 {
			break
		}
	}
	if dropped == 0 {
		t.Error("it was told of no gap")
	}
}

func TestFollowersAreBounded(t *testing.T) {
	s := serve(t, newFake(), api.Listening{Options: api.Options{Streams: 2}})
	follow(t, s, "")
	follow(t, s, "")
	_, resp, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/api/v1/stream", nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a third of two: %v", err)
	}
}

func TestServerSentEvents(t *testing.T) {
	f := newFake()
	s := serve(t, f, api.Listening{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/api/v1/sse", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if m := resp.Header.Get("Content-Type"); m != "text/event-stream" {
		t.Error(m)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	expect := func(begin string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == "" {
				continue
			}
			if !strings.HasPrefix(lines.Text(), begin) {
				t.Fatalf("%.200s, want %s", lines.Text(), begin)
			}
			return
		}
		t.Fatal(lines.Err())
	}
	expect("event: update")
	expect(`data: {"t":1,"full":true`)
	u := rate(2e9, 0, 1)
	u.Events = []record.Event{{T: 2e9, Kind: record.EventTrace, Text: "line"}}
	f.put(u)
	expect("event: update")
	expect(`data: {"t":2`)
	expect("event: event")
	expect(`data: {"t":2,"kind":"trace"`)
}

// A recording does not go on: its page is told how it began, and asks for the rest.
func TestFollowingARecording(t *testing.T) {
	f := newFake()
	s := serve(t, recording{f}, api.Listening{})
	if m := read(t, follow(t, s, "")); m.Type != "snapshot" {
		t.Errorf("first: %s", m.raw)
	}
	if resp, text := ask(t, "POST", s.URL+"/api/v1/control", `{"targets":"all","action":"request"}`); resp.StatusCode != 403 {
		t.Errorf("an order to a recording: %d %s", resp.StatusCode, text)
	}
	if _, text := ask(t, "GET", s.URL+"/api/v1/meta", ""); !strings.Contains(text, `"readOnly":true`) {
		t.Error(text)
	}
}

// recording is a Source and nothing more.
type recording struct{ api.Source }

func TestSeries(t *testing.T) {
	f := newFake()
	for i := range 5000 {
		v := float64(i % 10)
		if i == 2500 {
			v = 1000 // a peak that must not be lost
		}
		f.put(rate(record.Time(2e9+int64(i)*1e6), 0, v))
	}
	s := serve(t, f, api.Listening{})
	var got struct{ T, V []float64 }
	_, text := ask(t, "GET", s.URL+"/api/v1/series?kind=node&key=0&field=in&points=100", "")
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	peak := 0.0
	for i, v := range got.V {
		peak = max(peak, v)
		if i > 0 && got.T[i] < got.T[i-1] {
			t.Fatal("not in order")
		}
	}
	if len(got.T) > 100 || len(got.T) < 50 || peak != 1000 {
		t.Errorf("%d points, the highest %v", len(got.T), peak)
	}
	_, text = ask(t, "GET", s.URL+"/api/v1/series?kind=link&key=0-1&field=apps.1.rate", "")
	if text != `{"t":[0,1,6.999],"v":[null,100,100]}` {
		t.Errorf("of a link: %s", text)
	}
}
