package raw

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/internal/localtcp"
)

// dialer makes pairs of connected TCP sockets over loopback, by system calls alone: a net.Conn, or the os.File of
// one, would keep the socket in the Go runtime's poller as well, and every packet would wake a thread of it.
type dialer struct {
	listener int
	address  *unix.SockaddrInet4
	buffers  int // bytes
}

func newDialer(socketBytes int) (*dialer, error) {
	fd, err := tcpSocket(socketBytes)
	if err != nil {
		return nil, err
	}
	d := &dialer{listener: fd, buffers: socketBytes}
	if err := d.listen(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *dialer) listen() error {
	if err := unix.Bind(d.listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return fmt.Errorf("bind to loopback: %w", err)
	}
	if err := unix.Listen(d.listener, backlog); err != nil {
		return fmt.Errorf("listen on loopback: %w", err)
	}
	name, err := unix.Getsockname(d.listener)
	if err != nil {
		return fmt.Errorf("name of the listening socket: %w", err)
	}
	address, ok := name.(*unix.SockaddrInet4)
	if !ok {
		return fmt.Errorf("name of the listening socket: %T is not an IPv4 address", name)
	}
	d.address = address
	return nil
}

// pair returns the two ends of a new connection, non-blocking. The caller closes them.
func (d *dialer) pair() (sender, receiver int, err error) {
	sender, err = tcpSocket(d.buffers)
	if err != nil {
		return -1, -1, err
	}
	_ = localtcp.Unpace(sender) // as the engine does, which goes on without it as well
	receiver, err = d.connect(sender)
	if err == nil {
		err = errors.Join(prepare(sender), prepare(receiver))
	}
	if err != nil {
		return -1, -1, errors.Join(err, unix.Close(sender), closeIfOpen(receiver))
	}
	return sender, receiver, nil
}

func (d *dialer) connect(sender int) (receiver int, err error) {
	if err := unix.Connect(sender, d.address); err != nil {
		return -1, fmt.Errorf("connect over loopback: %w", err)
	}
	own, err := unix.Getsockname(sender)
	if err != nil {
		return -1, fmt.Errorf("name of a connected socket: %w", err)
	}
	receiver, peer, err := unix.Accept(d.listener)
	if err != nil {
		return -1, fmt.Errorf("accept over loopback: %w", err)
	}
	unix.CloseOnExec(receiver)
	if !sameAddress(own, peer) {
		return receiver, errors.New("accept over loopback: somebody else connected to the benchmark's socket")
	}
	return receiver, nil
}

func (d *dialer) close() error { return unix.Close(d.listener) }

// tcpSocket sets the buffer sizes before the socket is connected or listens, since the window scale of a connection
// is fixed by them; accepted sockets inherit them.
func tcpSocket(socketBytes int) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, fmt.Errorf("create a TCP socket: %w", err)
	}
	unix.CloseOnExec(fd)
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, socketBytes),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, socketBytes),
	)
	if err != nil {
		return -1, errors.Join(fmt.Errorf("set socket buffers to %d bytes: %w", socketBytes, err), unix.Close(fd))
	}
	return fd, nil
}

func prepare(fd int) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return fmt.Errorf("set TCP_NODELAY: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return fmt.Errorf("make a socket non-blocking: %w", err)
	}
	return nil
}

func closeIfOpen(fd int) error {
	if fd < 0 {
		return nil
	}
	return unix.Close(fd)
}

func sameAddress(a, b unix.Sockaddr) bool {
	x, okX := a.(*unix.SockaddrInet4)
	y, okY := b.(*unix.SockaddrInet4)
	return okX && okY && x.Port == y.Port && x.Addr == y.Addr
}
