//go:build interleave

package engine

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/ioverlay/ioverlay/internal/interleave"
)

// kicks is a socket that carries nothing but kicks, one way.
type kicks struct{ pending bool }

func (k *kicks) send() {
	interleave.Writes(k)
	k.pending = true
}

// await sleeps until there is one, and takes it; false means for ever.
func (k *kicks) await() bool {
	if !interleave.Wait(k, func() bool { return k.pending }) {
		return false
	}
	interleave.Writes(k)
	k.pending = false
	return true
}

// ringScene is a stream of bytes through a ring, in pieces.
type ringScene struct {
	size, total, piece int
	spurious           bool // a kick comes that nobody owed
}

func (s ringScene) program() interleave.Program {
	w, r := pairOf(s.size)
	var toReader, toWriter kicks
	var sent, got []byte
	stream := make([]byte, s.total)
	for i := range stream {
		stream[i] = byte(i + 1)
	}
	write := func() {
		for len(sent) < s.total {
			n, err := w.write([][]byte{stream[len(sent):min(s.total, len(sent)+s.piece)]})
			if err != nil {
				panic(err)
			}
			sent = stream[:len(sent)+n]
			if n > 0 {
				if w.wakes() {
					toReader.send()
				}
				continue
			}
			waits, err := w.awaitRoom()
			if err != nil {
				panic(err)
			}
			if waits && !toWriter.await() {
				return
			}
		}
	}
	read := func() {
		for len(got) < s.total {
			p := make([]byte, s.piece)
			n, err := r.read(p)
			if err != nil {
				panic(err)
			}
			got = append(got, p[:n]...)
			if n > 0 {
				if r.wakes() {
					toWriter.send()
				}
				continue
			}
			sleeps, err := r.sleep()
			if err != nil {
				panic(err)
			}
			if sleeps && !toReader.await() {
				return
			}
		}
	}
	p := interleave.Program{
		Threads: []func(){write, read},
		Check: func() error {
			if !bytes.Equal(got, stream) {
				return fmt.Errorf("both sleep with %d of %d bytes sent, and %v received", len(sent), s.total, got)
			}
			return nil
		},
	}
	if s.spurious {
		p.Threads = append(p.Threads, toReader.send, toWriter.send)
	}
	return p
}

// A ring between processes: neither end sleeps while the other waits for it, and every
// byte arrives once and in order, whatever the order of the accesses.
func TestInterleaveRing(t *testing.T) {
	for _, s := range []ringScene{
		{size: 4, total: 2, piece: 1},
		{size: 1, total: 2, piece: 1},
		{size: 2, total: 3, piece: 1},
		{size: 2, total: 5, piece: 2},
		{size: 3, total: 5, piece: 2},
		{size: 2, total: 3, piece: 2, spurious: true},
	} {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			r := interleave.Explore(s.program, interleave.Limits{Preemptions: *preemptions})
			t.Log(r)
			if r.Failure != nil || *preemptions == 0 && !r.Complete {
				t.Error(r.Failure)
			}
		})
	}
}
