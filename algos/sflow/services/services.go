// Package services are primitive services for package sflow: what the third-party nodes of a service overlay do with the
// payloads that flow through them.
package services

import (
	"bytes"
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/s2"

	"github.com/ioverlay/ioverlay/algos/sflow"
)

// each is a Stage that makes of every message one or none, whatever its input.
type each func(seq uint64, payload []byte) (out []byte, keep bool, err error)

func (e each) Process(_ int, seq uint64, payload []byte, emit func(uint64, []byte)) error {
	out, keep, err := e(seq, payload)
	if err == nil && keep {
		emit(seq, out)
	}
	return err
}

func (e each) End(func(uint64, []byte)) {}

// Compress compresses each payload by itself, as an S2 block (an extension of Snappy; klauspost/compress).
func Compress(int) sflow.Stage {
	var buf []byte
	return each(func(_ uint64, payload []byte) ([]byte, bool, error) {
		if n := s2.MaxEncodedLen(len(payload)); n > len(buf) {
			buf = make([]byte, n)
		}
		return s2.Encode(buf, payload), true, nil
	})
}

// Decompress undoes Compress, of payloads that have at most most bytes then: a few bytes could claim any length.
func Decompress(most int) sflow.Service {
	return func(int) sflow.Stage {
		var buf []byte
		return each(func(_ uint64, payload []byte) ([]byte, bool, error) {
			switch n, err := s2.DecodedLen(payload); {
			case err != nil:
				return nil, false, fmt.Errorf("decompress: %w", err)
			case n > most:
				return nil, false, fmt.Errorf("decompress: a block of %d bytes, and %d are the most", n, most)
			}
			out, err := s2.Decode(buf[:cap(buf)], payload)
			if err != nil {
				return nil, false, fmt.Errorf("decompress: %w", err)
			}
			buf = out
			return out, true, nil
		})
	}
}

// Encrypt encrypts each payload with AES-GCM and binds it to its number: 12 random bytes, the ciphertext, 16 bytes that
// authenticate it. The key has 16, 24 or 32 bytes. Randomness is crypto/rand.Reader's, but in tests: nonces that come
// again under one key give both messages away. Under one key encrypt at most 2^32 messages (NIST SP 800-38D, 8.3).
func Encrypt(key []byte, randomness io.Reader) (sflow.Service, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	return func(int) sflow.Stage {
		var buf []byte
		return each(func(seq uint64, payload []byte) ([]byte, bool, error) {
			buf = slices.Grow(buf[:0], aead.NonceSize()+len(payload)+aead.Overhead())[:aead.NonceSize()]
			if _, err := io.ReadFull(randomness, buf); err != nil {
				return nil, false, fmt.Errorf("encrypt: no random numbers: %w", err)
			}
			return aead.Seal(buf, buf, payload, number(seq)), true, nil
		})
	}, nil
}

// Decrypt undoes Encrypt. What was changed on its way, or has another number, is an error.
func Decrypt(key []byte) (sflow.Service, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	return func(int) sflow.Stage {
		var buf []byte
		return each(func(seq uint64, payload []byte) ([]byte, bool, error) {
			n := aead.NonceSize()
			if len(payload) < n {
				return nil, false, errors.New("decrypt: shorter than a nonce")
			}
			out, err := aead.Open(buf[:0], payload[:n], payload[n:], number(seq))
			if err != nil {
				return nil, false, fmt.Errorf("decrypt: %w", err)
			}
			buf = out
			return out, true, nil
		})
	}, nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	return cipher.NewGCM(block)
}

func number(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// Filter lets through the messages that keep says so of.
func Filter(keep func(seq uint64, payload []byte) bool) sflow.Service {
	return func(int) sflow.Stage {
		return each(func(seq uint64, payload []byte) ([]byte, bool, error) { return payload, keep(seq, payload), nil })
	}
}

// Merge joins the messages of one number that come from all inputs into one: of each input, in their order, the length
// as a varint and the bytes. Of a number that is not complete when window later ones have begun, or when nothing more
// comes, it joins what is there, with length 0 in place of the rest.
func Merge(window int) sflow.Service {
	return func(inputs int) sflow.Stage { return &merge{inputs: inputs, window: max(window, 1)} }
}

type merge struct {
	inputs, window int
	rows           []row // by number
	past           uint64
	gone           bool // some have gone, all up to past
	buf            []byte
}

type row struct {
	seq   uint64
	parts [][]byte
	have  int
}

func (m *merge) Process(input int, seq uint64, payload []byte, emit func(uint64, []byte)) error {
	if m.gone && seq <= m.past {
		return fmt.Errorf("merge: number %d comes late", seq)
	}
	i, there := slices.BinarySearchFunc(m.rows, seq, func(r row, seq uint64) int { return cmp.Compare(r.seq, seq) })
	if !there {
		m.rows = slices.Insert(m.rows, i, row{seq: seq, parts: make([][]byte, m.inputs)})
	}
	r := &m.rows[i]
	if r.parts[input] != nil {
		return fmt.Errorf("merge: number %d comes twice from input %d", seq, input)
	}
	r.parts[input] = append(make([]byte, 0, len(payload)+1), payload...) // never nil
	r.have++
	for len(m.rows) > 0 && (m.rows[0].have == m.inputs || len(m.rows) > m.window) {
		m.first(emit)
	}
	return nil
}

func (m *merge) first(emit func(uint64, []byte)) {
	r := m.rows[0]
	m.rows = slices.Delete(m.rows, 0, 1)
	m.past, m.gone = r.seq, true
	m.buf = m.buf[:0]
	for _, p := range r.parts {
		m.buf = binary.AppendUvarint(m.buf, uint64(len(p)))
		m.buf = append(m.buf, p...)
	}
	emit(r.seq, m.buf)
}

func (m *merge) End(emit func(uint64, []byte)) {
	for len(m.rows) > 0 {
		m.first(emit)
	}
}

// Parts are the messages that Merge has joined; views of payload.
func Parts(payload []byte) (parts [][]byte, err error) {
	for len(payload) > 0 {
		n, used := binary.Uvarint(payload)
		if used <= 0 || n > uint64(len(payload)-used) {
			return nil, errors.New("services: not what Merge makes")
		}
		parts = append(parts, payload[used:used+int(n)])
		payload = payload[used+int(n):]
	}
	return parts, nil
}

// Shrink scales images down by a whole factor, each pixel the mean of a square: binary PGM, 8 bits
// (https://netpbm.sourceforge.net/doc/pgm.html). What is left at the right and lower edge is cut off.
func Shrink(factor int) sflow.Service {
	return func(int) sflow.Stage {
		var buf []byte
		return each(func(_ uint64, payload []byte) ([]byte, bool, error) {
			w, h, pixels, err := parsePGM(payload)
			if err == nil && (factor < 1 || w < factor || h < factor) {
				err = fmt.Errorf("shrink: %d by %d pixels by a factor of %d", w, h, factor)
			}
			if err != nil {
				return nil, false, err
			}
			buf = fmt.Appendf(buf[:0], "P5\n%d %d\n255\n", w/factor, h/factor)
			for y := range h / factor {
				for x := range w / factor {
					sum := factor * factor / 2 // to the nearest
					for dy := range factor {
						at := (y*factor+dy)*w + x*factor
						for _, p := range pixels[at : at+factor] {
							sum += int(p)
						}
					}
					buf = append(buf, byte(sum/(factor*factor)))
				}
			}
			return buf, true, nil
		})
	}
}

func parsePGM(b []byte) (w, h int, pixels []byte, err error) {
	var most int
	head := bytes.NewReader(b)
	if n, err := fmt.Fscanf(head, "P5\n%d %d\n%d\n", &w, &h, &most); err != nil || n != 3 {
		return 0, 0, nil, errors.New("shrink: not a binary PGM image")
	}
	pixels = b[len(b)-head.Len():]
	if w < 1 || h < 1 || w > 1<<16 || h > 1<<16 || most != 255 || len(pixels) != w*h {
		return 0, 0, nil, fmt.Errorf("shrink: %d bytes of pixels in a PGM image of %d by %d of up to %d; want 8 bits each", len(pixels), w, h, most)
	}
	return w, h, pixels, nil
}
