package trace

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
)

const (
	magic   = "IOVTRACE"
	version = 1
)

// flushBytes is how much is written at a time.
const flushBytes = 64 << 10

// Options of a writer; the zero value is ready.
type Options struct {
	// About says what the trace is of: a key and a value each, such as the seed.
	About [][2]string
	// Sent asks for a record of every run of messages that leaves a node.
	Sent bool
}

// Writer writes the trace of one world: give it to the world as its Watcher, and
// call Close when the run is over, before the world is closed. It belongs to the
// world's goroutine.
type Writer struct {
	out   io.Writer
	sent  bool
	sum   hash.Hash
	buf   []byte
	err   error
	last  time.Duration // of the record before
	count uint64
	peers map[core.NodeID]uint64
	hash  string
}

var _ sim.Watcher = (*Writer)(nil)

// NewWriter begins a trace. With io.Discard it only computes the hash.
func NewWriter(out io.Writer, o Options) *Writer {
	t := &Writer{out: out, sent: o.Sent, sum: sha256.New(), peers: make(map[core.NodeID]uint64)}
	t.buf = append(make([]byte, 0, flushBytes+4096), magic...)
	t.buf = append(t.buf, version)
	for _, kv := range o.About {
		t.buf = append(t.buf, byte(kindAbout))
		t.text(kv[0])
		t.text(kv[1])
	}
	return t
}

func (t *Writer) number(v uint64) { t.buf = binary.AppendUvarint(t.buf, v) }

func (t *Writer) text(s string) {
	t.number(uint64(len(s)))
	t.buf = append(t.buf, s...)
}

// begin begins a record.
func (t *Writer) begin(k Kind, at time.Duration) {
	t.count++
	t.buf = append(t.buf, byte(k))
	t.number(uint64(at - t.last))
	t.last = at
}

// end ends a record.
func (t *Writer) end() {
	if len(t.buf) >= flushBytes {
		t.flush()
	}
}

func (t *Writer) flush() {
	t.sum.Write(t.buf) // never fails
	if t.err == nil {
		if _, err := t.out.Write(t.buf); err != nil {
			t.err = fmt.Errorf("trace: write: %w", err)
		}
	}
	t.buf = t.buf[:0]
}

// peer is the number of a node. One that is new gets a record of its own, so it
// must be asked for before another begins.
func (t *Writer) peer(w *sim.World, id core.NodeID) uint64 {
	if id.IsZero() {
		return 0
	}
	i, ok := t.peers[id]
	if !ok {
		i = uint64(len(t.peers)) + 1
		t.peers[id] = i
		t.buf = append(t.buf, byte(kindPeer))
		text, name := id.String(), w.Name(id)
		if name == text {
			name = ""
		}
		t.text(text)
		t.text(name)
	}
	return i
}

// Message implements sim.Watcher.
func (t *Writer) Message(at time.Duration, n *sim.Node, m *core.Msg) {
	w, payload := n.World(), m.Payload()
	node, from, sender := t.peer(w, n.ID()), t.peer(w, m.From()), t.peer(w, m.Sender())
	t.begin(Message, at)
	t.number(node)
	t.number(from)
	t.number(sender)
	t.number(uint64(m.Type()))
	t.number(uint64(m.App()))
	t.number(m.Seq())
	t.number(uint64(len(payload)))
	t.buf = binary.LittleEndian.AppendUint64(t.buf, xxhash.Sum64(payload))
	t.end()
}

// Sent implements sim.Watcher.
func (t *Writer) Sent(at time.Duration, from, to *sim.Node, app uint32, r core.Run) {
	if !t.sent {
		return
	}
	a, b := t.peer(from.World(), from.ID()), t.peer(to.World(), to.ID())
	t.begin(Sent, at)
	for _, v := range [...]uint64{a, b, uint64(app), uint64(r.Msgs), uint64(r.Len)} {
		t.number(v)
	}
	t.end()
}

// Fault implements sim.Watcher.
func (t *Writer) Fault(at time.Duration, f sim.Fault) {
	t.begin(Fault, at)
	t.text(f.String())
	t.end()
}

// Warned implements sim.Watcher.
func (t *Writer) Warned(at time.Duration, n *sim.Node, from core.NodeID, app uint32, err error) {
	node, upstream := t.peer(n.World(), n.ID()), t.peer(n.World(), from)
	t.begin(Warned, at)
	t.number(node)
	t.number(upstream)
	t.number(uint64(app))
	t.text(err.Error())
	t.end()
}

// Ended implements sim.Watcher.
func (t *Writer) Ended(at time.Duration, n *sim.Node, crash *core.Crash) {
	node := t.peer(n.World(), n.ID())
	t.begin(Ended, at)
	t.number(node)
	text := ""
	if crash != nil {
		text = describe(crash.Value)
	}
	t.text(text)
	t.end()
}

// describe says what was thrown. Values that fmt would print with an address,
// which differs from run to run, are only named by their type.
func describe(v any) string {
	switch v := v.(type) {
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case string, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("a value of type %T", v)
}

// Close ends the trace. The error is the first that the output returned; a trace
// that nobody closed is seen to be incomplete.
func (t *Writer) Close() error {
	if t.hash != "" {
		return t.err
	}
	t.buf = append(t.buf, byte(kindEnd))
	t.number(t.count)
	t.flush()
	sum := t.sum.Sum(nil)
	t.hash = hex.EncodeToString(sum)
	if t.err == nil {
		if _, err := t.out.Write(sum); err != nil {
			t.err = fmt.Errorf("trace: write: %w", err)
		}
	}
	return t.err
}

// Hash is the SHA-256 of the trace, in hexadecimal. It is valid after Close.
func (t *Writer) Hash() string { return t.hash }

// Records is how many records there are so far.
func (t *Writer) Records() uint64 { return t.count }
