package goroutine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/ioverlay/ioverlay/bench/traffic"
)

// receiver reads one connection and feeds the switch of its node.
type receiver struct {
	conn   net.Conn
	pool   *pool
	frame  int // the longest frame that is accepted, bytes
	toward chan<- *message
}

// run ends at the end of the stream, or with the error that broke it; the channel is closed either way.
func (r *receiver) run() error {
	defer close(r.toward)
	in := bufio.NewReaderSize(r.conn, readBytes)
	for {
		m, err := r.next(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		r.toward <- m
	}
}

// next returns io.EOF only between two frames.
func (r *receiver) next(in *bufio.Reader) (*message, error) {
	header, err := in.Peek(traffic.HeaderBytes)
	if err != nil {
		if errors.Is(err, io.EOF) && len(header) > 0 {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, err
	}
	length := traffic.HeaderBytes + traffic.Size(header)
	if length > r.frame {
		return nil, fmt.Errorf("a frame of %d bytes is longer than the %d allowed", length, r.frame)
	}
	m := r.pool.get()
	m.frame = m.frame[:length]
	if _, err := io.ReadFull(in, m.frame); err != nil {
		m.release()
		if errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return m, nil
}
