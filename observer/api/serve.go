package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Listening is where and how a server listens.
type Listening struct {
	Address   string // such as 127.0.0.1:8080
	TokenFile string // file with the token; "" draws one if the address is not a loopback one
	CertFile  string // with KeyFile: HTTPS
	KeyFile   string
	Options
}

// Service is a server that listens.
type Service struct {
	URL   string // with the address that it is bound to
	Token string // what is to be shown; "" if nothing
	Drawn bool   // the token was drawn here, and nobody knows it but by this

	http *http.Server
	done chan error
}

// Bounds of the listener.
const (
	maxConnections = 512
	headerTime     = 10 * time.Second
	idleTime       = 2 * time.Minute
	maxHeader      = 32 << 10
	leastToken     = 16 // bytes
)

// Listen serves a source until Close. On any other address than a loopback one a token is wanted: whoever can reach the
// address could order the nodes about.
func Listen(src Source, l Listening) (*Service, error) {
	l.TLS = l.CertFile != "" || l.KeyFile != ""
	svc := &Service{done: make(chan error, 1)}
	var err error
	if l.Token == "" && l.TokenFile != "" {
		if l.Token, err = readToken(l.TokenFile); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", l.Address)
	if err != nil {
		return nil, fmt.Errorf("observer: listen for HTTP: %w", err)
	}
	if l.Token == "" && !loopback(listener.Addr()) {
		l.Token, svc.Drawn = rand.Text(), true
	}
	svc.Token = l.Token
	scheme := "http"
	listener = &limited{Listener: listener, places: make(chan struct{}, maxConnections), closed: make(chan struct{})}
	if l.TLS {
		cert, err := tls.LoadX509KeyPair(l.CertFile, l.KeyFile)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("observer: the certificate %s with the key %s: %w", l.CertFile, l.KeyFile, err), listener.Close())
		}
		scheme = "https"
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	}
	svc.URL = scheme + "://" + listener.Addr().String()
	svc.http = &http.Server{
		Handler: New(src, l.Options), ReadHeaderTimeout: headerTime, ReadTimeout: time.Minute, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
	}
	go func() { svc.done <- svc.http.Serve(listener) }()
	return svc, nil
}

// Done tells when the service has ended by itself, and why.
func (s *Service) Done() <-chan error { return s.done }

// Close ends the service. Requests under way have a second to end; those who follow are let go.
func (s *Service) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil { // its error is that some have not ended
		return s.http.Close()
	}
	return nil
}

func readToken(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("observer: read the token: %w", err)
	}
	token := string(bytes.TrimSpace(b))
	if len(token) < leastToken {
		return "", fmt.Errorf("observer: the token in %s has %d bytes: use at least %d, such as those of \"openssl rand -hex 16\"", path, len(token), leastToken)
	}
	return token, nil
}

func loopback(a net.Addr) bool {
	ap, err := netip.ParseAddrPort(a.String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// limited is a listener that has so many connections open at most; more wait in the kernel's queue.
type limited struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

// Close implements net.Listener.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &placed{Conn: c, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

type placed struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (p *placed) Close() error {
	defer p.leave()
	return p.Conn.Close()
}
