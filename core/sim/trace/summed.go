package trace

import (
	"bufio"
	"hash"
	"io"
)

// summed is an input whose bytes are hashed as they are read.
type summed struct {
	in  *bufio.Reader
	sum hash.Hash
	one [1]byte
}

// ReadByte implements io.ByteReader.
func (s *summed) ReadByte() (byte, error) {
	b, err := s.in.ReadByte()
	if err == nil {
		s.one[0] = b
		s.sum.Write(s.one[:])
	}
	return b, err
}

// full fills p or fails.
func (s *summed) full(p []byte) error {
	if _, err := io.ReadFull(s.in, p); err != nil {
		return err
	}
	s.sum.Write(p)
	return nil
}
