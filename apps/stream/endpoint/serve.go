package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

const (
	viewerPatience = 10 * time.Second // for a viewer who takes nothing
	headerPatience = 10 * time.Second // for a request's header
	maxViewers     = 1024
)

// serve serves the stream over HTTP: GET path, for any number of viewers, each from the next beginnings of units on.
func (o *Output) serve(at netip.AddrPort, path string) error {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return fmt.Errorf("endpoint: serve media: %w", err)
	}
	o.addr = l.Addr()
	mux := http.NewServeMux()
	if path == "" {
		path = "/"
	}
	mux.HandleFunc("GET "+path, o.view)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: headerPatience}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	o.ends = func(ctx context.Context) error {
		err := s.Shutdown(ctx) // viewers have their last bytes
		if err != nil {
			err = errors.Join(err, s.Close())
		}
		if e := <-served; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	}
	return nil
}

// view is one viewer.
func (o *Output) view(w http.ResponseWriter, rq *http.Request) {
	if o.Readers() >= maxViewers {
		http.Error(w, "there are too many viewers already", http.StatusServiceUnavailable)
		return
	}
	c := http.NewResponseController(w)
	w.Header().Set("Content-Type", "video/mp2t")
	w.Header().Set("Cache-Control", "no-store")
	if err := c.Flush(); err != nil {
		return // nobody is there
	}
	r := newReader(func(b []byte) error {
		if err := errors.Join(rq.Context().Err(), c.SetWriteDeadline(time.Now().Add(viewerPatience))); err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		return c.Flush()
	})
	r.resume.Gap()
	if !o.add(r) {
		return
	}
	<-r.done
}
