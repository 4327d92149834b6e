package perf

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"sync"
	"time"
)

// ErrNotLoopback means that an address for profiles is one that other machines
// might reach. Profiles show memory and can stop the world, so they are served to
// this machine only.
var ErrNotLoopback = errors.New("profiles are served on a loopback address only, such as 127.0.0.1:6060, [::1]:6060 or localhost:0")

// headerTimeout bounds how long a client may take to send its request. There is
// no bound on the answer: a profile takes as long as was asked for.
const headerTimeout = 5 * time.Second

// ServePprof serves the pages of net/http/pprof at http://addr/debug/pprof/ until
// stop is called. The host of addr must be a loopback address or "localhost";
// port 0 picks a free one, and bound is the address in use.
//
// The pages are on a mux of their own. (Importing net/http/pprof also puts them
// on http.DefaultServeMux; nothing in this project serves that one, and the lint
// configuration forbids it.) stop closes the listener and every connection, which
// also ends a profile being taken, and may be called more than once and from any
// goroutine.
//
// The errors are [ErrNotLoopback], for which nothing is opened, and those of
// listening, wrapped.
func ServePprof(addr string) (stop func() error, bound string, err error) {
	if err := requireLoopback(addr); err != nil {
		return nil, "", err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, "", fmt.Errorf("perf: listening for profiles: %w", err)
	}
	// "localhost" is what the machine's name service says it is.
	if tcp, ok := ln.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return nil, "", errors.Join(fmt.Errorf("perf: %q became %v: %w", addr, ln.Addr(), ErrNotLoopback), ln.Close())
	}
	srv := &http.Server{Handler: pprofMux(), ReadHeaderTimeout: headerTimeout}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	stop = sync.OnceValue(func() error {
		closing := srv.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("perf: serving profiles: %w", errors.Join(err, closing))
		}
		if closing != nil {
			return fmt.Errorf("perf: closing the profile server: %w", closing)
		}
		return nil
	})
	return stop, ln.Addr().String(), nil
}

// requireLoopback refuses every host that is not certainly this machine's own,
// the empty one (all interfaces) included, without asking a name server.
func requireLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("perf: the profile address %q is not host:port: %w", addr, err)
	}
	if host == "localhost" {
		return nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.Unmap().IsLoopback() {
		return fmt.Errorf("perf: profile address %q: %w", addr, ErrNotLoopback)
	}
	return nil
}

func pprofMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
