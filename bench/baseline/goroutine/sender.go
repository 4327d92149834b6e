package goroutine

import (
	"fmt"
	"net"
)

// sender writes one connection.
type sender struct {
	conn *net.TCPConn
	from <-chan *message

	burst  []*message
	bytes  int         // of the frames in burst
	copied []byte      // the burst, when its frames are short
	pieces net.Buffers // the burst, when they are long
	unsent net.Buffers // what a gathering write consumes: it cuts from the front of pieces
}

// run writes until its channel is closed and then ends the stream. After a failure it goes on emptying the channel,
// so that those before it can end too.
func (s *sender) run() error {
	var failure error
	for m := range s.from {
		s.gather(m)
		if failure == nil {
			failure = s.write()
		}
		for i, sent := range s.burst {
			sent.release()
			s.burst[i] = nil
		}
	}
	if failure != nil {
		return fmt.Errorf("send: %w", failure)
	}
	if err := s.conn.CloseWrite(); err != nil {
		return fmt.Errorf("end a connection: %w", err)
	}
	return nil
}

// gather adds what the channel holds already to the burst that first begins, without waiting for more.
func (s *sender) gather(first *message) {
	s.burst, s.bytes = append(s.burst[:0], first), len(first.frame)
	// This goroutine is the only one that takes from the channel, so what is there now stays there.
	for range len(s.from) {
		if s.bytes >= burstBytes {
			return
		}
		m := <-s.from
		s.burst = append(s.burst, m)
		s.bytes += len(m.frame)
	}
}

// write sends the burst, with one system call if the kernel has room for it.
func (s *sender) write() error {
	switch {
	case len(s.burst) == 1:
		_, err := s.conn.Write(s.burst[0].frame)
		return err
	case s.bytes < copyBelowBytes*len(s.burst):
		return s.writeCopied()
	default:
		return s.writeGathered()
	}
}

func (s *sender) writeCopied() error {
	s.copied = s.copied[:0]
	for _, m := range s.burst {
		s.copied = append(s.copied, m.frame...)
	}
	_, err := s.conn.Write(s.copied)
	return err
}

func (s *sender) writeGathered() error {
	s.pieces = s.pieces[:0]
	for _, m := range s.burst {
		s.pieces = append(s.pieces, m.frame)
	}
	s.unsent = s.pieces
	_, err := s.unsent.WriteTo(s.conn)
	return err
}
