package endpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/ioverlay/ioverlay/apps/stream"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// InputHelp says what an input can be.
const InputHelp = "- for standard input, udp://ADDRESS:PORT to listen there (a multicast group is joined), or http://HOST/PATH to fetch"

const (
	readBytes    = 64 << 10         // of an input at once; a datagram is not longer
	udpBuffer    = 4 << 20          // of the kernel, for datagrams; it may allow less
	fetchTimeout = 15 * time.Second // until a server has answered
)

// Input is where a stream comes from.
type Input struct {
	name   string
	from   io.ReadCloser
	packet bool // it comes in datagrams, and does not wait
}

// OpenInput opens an input by its name (InputHelp). Of standard input nothing is closed. The context is for the opening and,
// over HTTP, for the whole of it. A name that is none is an error that wraps [ErrName].
func OpenInput(ctx context.Context, name string, stdin io.Reader) (*Input, error) {
	if name == "-" {
		return &Input{name: "standard input", from: io.NopCloser(stdin)}, nil
	}
	u, err := url.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %q is no input: want %s", ErrName, name, InputHelp)
	}
	switch u.Scheme {
	case "udp":
		at, err := netip.ParseAddrPort(u.Host)
		if err != nil || u.Path != "" {
			return nil, fmt.Errorf("%w: %q is no input: want udp://ADDRESS:PORT, the address in figures", ErrName, name)
		}
		return listenUDP(name, net.UDPAddrFromAddrPort(at))
	case "http", "https":
		return fetch(ctx, name)
	}
	return nil, fmt.Errorf("%w: %q is no input: want %s", ErrName, name, InputHelp)
}

// ErrName is wrapped by the errors of names of inputs and outputs that are none.
var ErrName = errors.New("endpoint")

func listenUDP(name string, at *net.UDPAddr) (*Input, error) {
	listen := net.ListenUDP
	if at.IP.IsMulticast() {
		listen = func(network string, at *net.UDPAddr) (*net.UDPConn, error) {
			return net.ListenMulticastUDP(network, nil, at)
		}
	}
	c, err := listen("udp", at)
	if err != nil {
		return nil, fmt.Errorf("endpoint: listen for media: %w", err)
	}
	_ = c.SetReadBuffer(udpBuffer) // a smaller one is what there is then
	return &Input{name: name, from: c, packet: true}, nil
}

func fetch(ctx context.Context, name string) (*Input, error) {
	client := &http.Client{Transport: &http.Transport{ResponseHeaderTimeout: fetchTimeout, DialContext: (&net.Dialer{Timeout: fetchTimeout}).DialContext, DisableKeepAlives: true}}
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, name, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrName, name, err)
	}
	rs, err := client.Do(rq)
	if err != nil {
		return nil, fmt.Errorf("endpoint: fetch media: %w", err)
	}
	if rs.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("endpoint: fetch media from %s: the server says %s", name, rs.Status), rs.Body.Close())
	}
	return &Input{name: name, from: rs.Body}, nil
}

// Addr is where an input over UDP listens, and nil for others.
func (i *Input) Addr() net.Addr {
	if c, ok := i.from.(*net.UDPConn); ok {
		return c.LocalAddr()
	}
	return nil
}

// Close closes the input; a Feed of it ends.
func (i *Input) Close() error { return i.from.Close() }

// Feed is a source and what feeds it.
type Feed struct {
	Source *stream.Source
	in     *Input
	room   chan struct{}

	patience time.Duration // for the node to take what is left at the end, and to tell the end
}

// NewFeed makes a source that is fed from an input, which is the feed's.
func NewFeed(in *Input, o stream.SourceOptions) *Feed {
	f := &Feed{in: in, room: make(chan struct{}, 1), patience: cmp.Or(o.MaxWait, stream.DefaultMaxWait) + max(cmp.Or(o.Linger, stream.DefaultLinger), 0)}
	o.Room = func() {
		select {
		case f.room <- struct{}{}:
		default: // it is known already
		}
	}
	f.Source = stream.NewSource(o)
	return f
}

// Run feeds the source, which is at the node, until the input ends, ends the source then, and returns when that has told the end for as
// long as it lingers. The end of the context, or of the node, ends it too, without lingering, and closes the input. The error is that of reading, with nil for an input that was read to its end.
func (f *Feed) Run(ctx context.Context, n *engine.Node) error {
	type block struct {
		b   []byte
		err error
	}
	blocks, taken := make(chan block), make(chan []byte, 2)
	taken <- make([]byte, readBytes)
	taken <- make([]byte, readBytes)
	quit := make(chan struct{})
	defer close(quit)
	defer func() { _ = f.in.Close() }() // it was read, to whatever end
	go func() {                         // one block ahead; a read of standard input can only be left behind
		for b := range taken {
			k, err := f.in.from.Read(b[:readBytes])
			select {
			case blocks <- block{b[:k], err}:
			case <-quit:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return f.end(n, nil, (*stream.Source).Drained)
		case <-n.Done():
			return nil
		case next := <-blocks:
			if err := f.push(ctx, n, next.b); err != nil {
				return err
			}
			switch {
			case errors.Is(next.err, io.EOF):
				return f.end(n, nil, (*stream.Source).Done)
			case next.err != nil:
				return f.end(n, fmt.Errorf("endpoint: read media from %s: %w", f.in.name, next.err), (*stream.Source).Done)
			}
			taken <- next.b[:readBytes]
		}
	}
}

// push hands a block to the source, and waits until there is room for the next if the input can wait.
func (f *Feed) push(ctx context.Context, n *engine.Node, b []byte) error {
	ready := false
	if err := n.Do(func(c *core.Node) { f.Source.Push(c, b); ready = f.Source.Ready() }); err != nil {
		return gone(err)
	}
	for !ready && !f.in.packet {
		select {
		case <-ctx.Done():
			return nil
		case <-n.Done():
			return nil
		case <-f.room:
		}
		if err := n.Do(func(*core.Node) { ready = f.Source.Ready() }); err != nil {
			return gone(err)
		}
	}
	return nil
}

// gone is nil for a node that has ended: whoever ended it knows.
func gone(err error) error {
	if errors.Is(err, engine.ErrClosed) {
		return nil
	}
	return err
}

// end ends the source, and waits until it is as far as that; what the node has not taken after the time that media may wait for it is
// dropped, and counted.
func (f *Feed) end(n *engine.Node, why error, far func(*stream.Source) bool) error {
	patience := time.NewTimer(f.patience)
	defer patience.Stop()
	reached := false
	err := n.Do(func(c *core.Node) { f.Source.End(c) })
	for err == nil && !reached {
		if err = n.Do(func(*core.Node) { reached = far(f.Source) }); reached {
			break
		}
		select {
		case <-n.Done():
			return why
		case <-f.room:
		case <-patience.C:
			err, reached = n.Do(func(*core.Node) { f.Source.Abandon() }), true
		}
	}
	return errors.Join(why, gone(err))
}
