package goroutine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/ioverlay/ioverlay/internal/localtcp"
)

// connect makes the links over loopback, the sending end of each before its receiving end.
func (c *Chain) connect(ctx context.Context) (err error) {
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, listener.Close()) }()
	for range c.config.Nodes - 1 {
		if err := c.connectLink(ctx, listener); err != nil {
			return err
		}
	}
	return nil
}

func (c *Chain) connectLink(ctx context.Context, listener *net.TCPListener) error {
	dialer := net.Dialer{Control: unpaced}
	conn, err := dialer.DialContext(ctx, "tcp4", listener.Addr().String())
	if err != nil {
		return err
	}
	sending := conn.(*net.TCPConn) // what a dial of "tcp4" returns
	c.conns = append(c.conns, sending)
	receiving, err := listener.AcceptTCP()
	if err != nil {
		return err
	}
	c.conns = append(c.conns, receiving)
	if receiving.RemoteAddr().String() != sending.LocalAddr().String() {
		return errors.New("somebody else connected to the benchmark's socket")
	}
	if err := errors.Join(sending.SetWriteBuffer(socketBytes), receiving.SetReadBuffer(socketBytes)); err != nil {
		return fmt.Errorf("set socket buffers to %d bytes: %w", socketBytes, err)
	}
	return nil
}

// unpaced tunes a socket before it is connected, as the engine does, which goes on without it as well.
func unpaced(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = localtcp.Unpace(int(fd)) })
}
