package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"github.com/ioverlay/ioverlay/record"
)

// The WebSocket: a snapshot, then changes. A page that reads slowly misses updates and gets a snapshot instead; one that
// does not read at all is let go after WriteTimeout. Neither is waited for: what is kept for it is bounded by the
// subscription, and what is written waits here, in a goroutine of its own.

// maxAsked bounds a message of a client, in bytes.
const maxAsked = 1 << 20

// helloTime is how long the first message waits for the client to say what it wants to be shown.
const helloTime = 50 * time.Millisecond

func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	if !s.enter(w) {
		return
	}
	defer s.leave()
	// Accept holds the Origin against the Host.
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // it has answered
	}
	defer func() { _ = c.CloseNow() }() // the error is that it is closed
	c.SetReadLimit(maxAsked)
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	asked := make(chan show)
	go func() { cancel(readShows(ctx, c, asked)) }()
	err = s.follow(ctx, c, asked)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	var wrong *wrongShow
	if errors.As(err, &wrong) {
		_ = c.Close(websocket.StatusPolicyViolation, short(wrong.Error())) // whoever asked has gone
	}
}

// enter takes one of the places for those who follow.
func (s *Server) enter(w http.ResponseWriter) bool {
	select {
	case s.streams <- struct{}{}:
		return true
	default:
		fail(w, http.StatusServiceUnavailable, "too many follow already, "+strconv.Itoa(s.o.Streams)+": close a page, or ask for snapshots")
		return false
	}
}

func (s *Server) leave() { <-s.streams }

// wrongShow is a message of a client that makes no sense.
type wrongShow struct{ error }

// readShows passes on what the client asks for until the connection ends.
func readShows(ctx context.Context, c *websocket.Conn, asked chan<- show) error {
	for {
		_, text, err := c.Read(ctx)
		if err != nil {
			return err
		}
		sh, err := readShow(text)
		if err != nil {
			return &wrongShow{err}
		}
		select {
		case asked <- sh:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// short is as much of a text as fits into a close frame.
func short(text string) string { return text[:min(len(text), 120)] }

// follow writes updates until the connection ends. What a client asks for later begins with a snapshot, since it says what
// there is of nodes and details that were left out before.
func (s *Server) follow(ctx context.Context, c *websocket.Conn, asked <-chan show) error {
	sh := showAll()
	select {
	case sh = <-asked:
	case <-time.After(helloTime):
	case <-ctx.Done():
		return ctx.Err()
	}
	f, err := s.feed(ctx)
	if err != nil {
		return err
	}
	defer func() { f.stop() }()
	for {
		select {
		case sh = <-asked: // begin again
			f.stop()
			if f, err = s.feed(ctx); err != nil {
				return err
			}
		case t := <-f.updates:
			if t.err != nil {
				return t.err
			}
			if err := s.tell(ctx, c, &sh, t); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// feed is updates as they come, in a channel, until it is stopped.
type feed struct {
	updates chan told
	stop    func()
}

func (s *Server) feed(ctx context.Context) (*feed, error) {
	f := &feed{updates: make(chan told), stop: func() {}}
	next, end, err := s.updatesFrom(ctx)
	if err != nil {
		return f, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	f.stop = func() {
		cancel()
		<-ended
	}
	go func() {
		defer close(ended)
		defer end()
		for {
			t, err := next(ctx)
			t.err = err
			select {
			case f.updates <- t:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return f, nil
}

// told is what comes next for a follower.
type told struct {
	u       *record.Update
	dropped int
	err     error
}

// updatesFrom is what follows from now on: of a source that does not go on, how it stands at its beginning.
func (s *Server) updatesFrom(ctx context.Context) (next func(context.Context) (told, error), end func(), err error) {
	if live, ok := s.src.(Live); ok {
		sub := live.Subscribe()
		return func(ctx context.Context) (told, error) {
			u, dropped, err := sub.Next(ctx)
			return told{u: u, dropped: dropped}, err
		}, sub.Close, nil
	}
	m, err := s.src.Meta(ctx)
	if err != nil {
		return nil, nil, err
	}
	first, err := s.src.Snapshot(ctx, m.Begin)
	if err != nil {
		return nil, nil, err
	}
	done := false
	return func(ctx context.Context) (told, error) {
		if !done {
			done = true
			return told{u: first}, nil
		}
		<-ctx.Done()
		return told{}, ctx.Err()
	}, func() {}, nil
}

// tell writes one update, as far as it is shown.
func (s *Server) tell(ctx context.Context, c *websocket.Conn, sh *show, t told) error {
	if t.dropped > 0 {
		if err := s.write(ctx, c, []byte(`{"type":"dropped","updates":`+strconv.Itoa(t.dropped)+`}`)); err != nil {
			return err
		}
	}
	u, any := sh.of(t.u)
	if !any {
		return nil
	}
	kind := "update"
	if u.Full {
		kind = "snapshot"
	}
	return s.write(ctx, c, append(u.AppendJSON([]byte(`{"type":"`+kind+`","update":`)), '}'))
}

func (s *Server) write(ctx context.Context, c *websocket.Conn, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.WriteTimeout)
	defer cancel()
	return c.Write(ctx, websocket.MessageText, text)
}
