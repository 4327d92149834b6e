package trace

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// ErrFormat means that what was read is no trace, or not one that is complete and
// undamaged.
var ErrFormat = errors.New("not a trace")

// maxText bounds the length of a text in a trace: a file that says more is damaged,
// and reading it must not take memory without bound.
const maxText = 1 << 20

// Reader reads a trace, a record at a time.
type Reader struct {
	in    summed
	about [][2]string
	peers []Peer // 0 is nobody
	last  time.Duration
	count uint64
	hash  string
	ahead *Record // read already, to know that nothing more says what the trace is of
	err   error
}

// NewReader begins to read a trace. Errors wrap ErrFormat or are the input's.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: summed{in: bufio.NewReaderSize(in, flushBytes), sum: sha256.New()}, peers: []Peer{{}}}
	var head [len(magic) + 1]byte
	if err := r.in.full(head[:]); err != nil {
		return nil, damaged("its first bytes", err)
	}
	if string(head[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrFormat, magic)
	}
	if v := head[len(magic)]; v != version {
		return nil, fmt.Errorf("%w: it is of version %d, and this program reads version %d", ErrFormat, v, version)
	}
	first, err := r.read()
	if err != nil && err != io.EOF {
		return nil, err
	}
	if err == nil {
		r.ahead = &first
	}
	r.err = err
	return r, nil
}

// About is what the writer was told that the trace is of.
func (r *Reader) About() [][2]string { return r.about }

// Hash is the SHA-256 of the trace, in hexadecimal; "" before Next has returned
// io.EOF.
func (r *Reader) Hash() string { return r.hash }

// Next is the next record, or io.EOF behind the last one, when the hash was
// right. Other errors wrap ErrFormat or are the input's.
func (r *Reader) Next() (Record, error) {
	if r.ahead != nil {
		rec := *r.ahead
		r.ahead = nil
		return rec, nil
	}
	if r.err != nil {
		return Record{}, r.err
	}
	rec, err := r.read()
	r.err = err
	return rec, err
}

// read is the next record but those that the reader keeps to itself.
func (r *Reader) read() (Record, error) {
	for {
		kind, err := r.in.ReadByte()
		if err != nil {
			return Record{}, damaged(fmt.Sprintf("record %d", r.count), err)
		}
		switch k := Kind(kind); k {
		case kindAbout, kindPeer:
			a, err1 := r.text()
			b, err2 := r.text()
			if err := errors.Join(err1, err2); err != nil {
				return Record{}, err
			}
			if k == kindPeer {
				r.peers = append(r.peers, Peer{ID: a, Name: b})
			} else {
				r.about = append(r.about, [2]string{a, b})
			}
		case kindEnd:
			return Record{}, r.end()
		case Message, Sent, Fault, Warned, Ended:
			rec := Record{Number: r.count, Kind: k}
			r.count++
			if err := r.fields(&rec); err != nil {
				return Record{}, err
			}
			return rec, nil
		default:
			return Record{}, fmt.Errorf("%w: record %d is of kind %d", ErrFormat, r.count, kind)
		}
	}
}

// end checks the last record.
func (r *Reader) end() error {
	count, err := r.number()
	if err != nil {
		return err
	}
	if count != r.count {
		return fmt.Errorf("%w: it says that it has %d records and has %d", ErrFormat, count, r.count)
	}
	want := r.in.sum.Sum(nil)
	var got [sha256.Size]byte
	if err := r.in.full(got[:]); err != nil {
		return damaged("its hash", err)
	}
	if string(got[:]) != string(want) {
		return fmt.Errorf("%w: its hash is not that of its bytes: it is damaged", ErrFormat)
	}
	r.hash = hex.EncodeToString(want)
	return io.EOF
}

// fields reads what a record of its kind has.
func (r *Reader) fields(rec *Record) error {
	f := fieldReader{r: r}
	r.last += time.Duration(f.upTo(uint64(math.MaxInt64 - r.last)))
	rec.At = r.last
	switch rec.Kind {
	case Message:
		rec.Node, rec.From, rec.Sender = f.peer(), f.peer(), f.peer()
		rec.Type, rec.App, rec.Seq, rec.Size = core.Type(f.upTo(math.MaxUint16)), uint32(f.upTo(math.MaxUint32)), f.number(), f.number()
		rec.Hash = f.fixed()
	case Sent:
		rec.Node, rec.To, rec.App = f.peer(), f.peer(), uint32(f.upTo(math.MaxUint32))
		rec.Msgs, rec.Size = f.number(), f.number()
	case Fault:
		rec.Text = f.text()
	case Warned:
		rec.Node, rec.From, rec.App = f.peer(), f.peer(), uint32(f.upTo(math.MaxUint32))
		rec.Text = f.text()
	case Ended:
		rec.Node = f.peer()
		rec.Text = f.text()
	}
	return f.err
}

func (r *Reader) number() (uint64, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b, err := r.in.ReadByte()
		if err != nil {
			return 0, damaged(fmt.Sprintf("record %d", r.count), err)
		}
		if shift == 63 && b > 1 {
			break
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%w: a number of record %d is too large", ErrFormat, r.count)
}

func (r *Reader) text() (string, error) {
	n, err := r.number()
	if err != nil {
		return "", err
	}
	if n > maxText {
		return "", fmt.Errorf("%w: record %d has a text of %d bytes", ErrFormat, r.count, n)
	}
	b := make([]byte, n)
	if err := r.in.full(b); err != nil {
		return "", damaged(fmt.Sprintf("record %d", r.count), err)
	}
	return string(b), nil
}

// fieldReader reads fields and keeps the first error.
type fieldReader struct {
	r   *Reader
	err error
}

func (f *fieldReader) number() (v uint64) {
	if f.err == nil {
		v, f.err = f.r.number()
	}
	return v
}

func (f *fieldReader) upTo(most uint64) uint64 {
	v := f.number()
	if v > most && f.err == nil {
		f.err = fmt.Errorf("%w: record %d has %d where %d is the most", ErrFormat, f.r.count, v, most)
	}
	return v
}

func (f *fieldReader) peer() Peer {
	v := f.number()
	if f.err == nil && v >= uint64(len(f.r.peers)) {
		f.err = fmt.Errorf("%w: record %d names a peer that no record tells of", ErrFormat, f.r.count)
	}
	if f.err != nil {
		return Peer{}
	}
	return f.r.peers[v]
}

func (f *fieldReader) text() (s string) {
	if f.err == nil {
		s, f.err = f.r.text()
	}
	return s
}

func (f *fieldReader) fixed() uint64 {
	var b [8]byte
	if f.err == nil {
		if err := f.r.in.full(b[:]); err != nil {
			f.err = damaged(fmt.Sprintf("record %d", f.r.count), err)
		}
	}
	return binary.LittleEndian.Uint64(b[:])
}

// damaged is the error of a trace that cannot be read on.
func damaged(where string, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: it ends before %s does: was the run interrupted?", ErrFormat, where)
	}
	return fmt.Errorf("trace: read %s: %w", where, err)
}
