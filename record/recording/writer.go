package recording

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/ioverlay/ioverlay/record"
)

// Options of a writer; the zero value is ready.
type Options struct {
	// BlockBytes is about how many bytes a block has before it is compressed, if that is more than twice its
	// checkpoint; 0 means DefaultBlockBytes.
	BlockBytes int
	// BlockTime is after how much time a block ends, if it has anything worth a checkpoint; at the latest after six
	// times as much. 0 means DefaultBlockTime.
	BlockTime time.Duration
}

// Defaults. A block of a megabyte is read in some ten milliseconds.
const (
	DefaultBlockBytes = 1 << 20
	DefaultBlockTime  = 10 * time.Second
)

// Writer writes a recording. What it keeps in memory is how things stand and one block. It belongs to one goroutine.
type Writer struct {
	out   io.Writer
	o     Options
	enc   *zstd.Encoder
	model record.Model
	now   record.Time // of the last update
	any   bool        // there was one
	block *block      // nil: none has begun
	done  []Block     // what the index will say
	at    int64       // bytes written
	err   error
	drops uint64
	buf   []byte
	ended bool
}

// NewWriter begins a recording.
func NewWriter(out io.Writer, meta Meta, o Options) (*Writer, error) {
	if o.BlockBytes <= 0 {
		o.BlockBytes = DefaultBlockBytes
	}
	if o.BlockTime <= 0 {
		o.BlockTime = DefaultBlockTime
	}
	// One at a time: the bytes must not depend on how many cores there are. Columns are small, so is the window.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	meta.Format = version
	head, err := json.Marshal(meta)
	switch {
	case err != nil:
		return nil, fmt.Errorf("recording: what it says of itself: %w", err)
	case len(head) > maxHead:
		return nil, fmt.Errorf("%w: it says %d bytes of itself; at most %d", ErrTooMuch, len(head), maxHead)
	}
	w := &Writer{out: out, o: o, enc: enc}
	w.write(appendChunk([]byte(magic), chunkMeta, head, 0))
	return w, w.err
}

// write writes all or keeps the first error.
func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.out.Write(b)
	w.at += int64(n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		w.err = fmt.Errorf("recording: write: %w", err)
	}
}

// Err is the first thing that went wrong; nothing is written after it.
func (w *Writer) Err() error { return w.err }

// Model is how things stand after the last update. It is the writer's own, and only to be read.
func (w *Writer) Model() *record.Model { return &w.model }

// Update adds an update, which is not kept. An update that may not be is an error, and the only one that is not the end
// of the recording.
func (w *Writer) Update(u *record.Update) error {
	if w.err != nil {
		return w.err
	}
	if w.any && u.T < w.now {
		return fmt.Errorf("%w: at %v after %v", ErrOrder, u.T.Duration(), w.now.Duration())
	}
	if err := checkTimes(u); err != nil {
		return err
	}
	if u.Full {
		var next record.Model
		if err := next.Apply(u); err != nil {
			return err
		}
		patch := record.Between(&w.model, &next)
		patch.Events = u.Events
		u = &patch
	} else if err := w.model.Check(u); err != nil {
		return err
	}
	for _, part := range split(u) {
		w.begin(part.T)
		w.block.update(&part)
		if err := w.model.Apply(&part); err != nil {
			w.err = fmt.Errorf("recording: %w", err)
		}
	}
	w.now, w.any = u.T, true
	return w.err
}

func checkTimes(u *record.Update) error {
	bad := func(t record.Time) bool { return t < 0 || t > record.MaxTime }
	for i := range u.Events {
		if e := &u.Events[i]; bad(e.T) || len(e.Kind)+len(e.Text)+len(e.By) > record.MaxText {
			return fmt.Errorf("%w: an event at %v with %d bytes of text; at most %v and %d", record.ErrLimit, e.T.Duration(), len(e.Text), record.MaxTime.Duration(), record.MaxText)
		}
	}
	for i := range u.States {
		if bad(u.States[i].T) {
			return fmt.Errorf("%w: a state at %v; at most %v", record.ErrLimit, u.States[i].T.Duration(), record.MaxTime.Duration())
		}
	}
	return nil
}

// begin sees to it that there is a block for what comes at a time.
func (w *Writer) begin(at record.Time) {
	if w.block != nil && w.block.full(&w.o, at) {
		w.flush()
	}
	if w.block == nil {
		w.block = newBlock(&w.model, at)
	}
}

// Transfer adds a single transfer of a message.
func (w *Writer) Transfer(t record.Transfer) error {
	if w.err != nil {
		return w.err
	}
	if t.Left < 0 || t.Left > record.MaxTime || t.Arrived != record.Never && (t.Arrived < t.Left || t.Arrived > record.MaxTime) ||
		t.From >= record.MaxNodes || t.To >= record.MaxNodes {
		return fmt.Errorf("%w: a transfer from %d to %d that left at %v and arrived at %v", record.ErrLimit, t.From, t.To, t.Left.Duration(), t.Arrived.Duration())
	}
	w.begin(w.now)
	w.block.transfer(t)
	return nil
}

// Dropped says that transfers happened that were not added.
func (w *Writer) Dropped(n uint64) { w.drops += n }

// flush writes the block.
func (w *Writer) flush() {
	b := w.block
	w.block = nil
	if b == nil || w.err != nil {
		return
	}
	if w.buf, w.err = b.append(w.buf[:0], w.enc); w.err != nil {
		return
	}
	b.offset, b.size = w.at, int64(len(w.buf))
	w.write(w.buf)
	w.done = append(w.done, b.Block)
}

// Close writes what is left, and the index. The error is the first that there was; closing twice does nothing more.
// It does not close what is written to.
func (w *Writer) Close(end End) error {
	if w.ended {
		return w.err
	}
	w.ended = true
	if w.block != nil && (w.block.Updates > 0 || w.block.Transfers > 0) {
		w.flush()
	}
	end.Dropped += w.drops
	said, err := json.Marshal(end)
	if err != nil {
		return errors.Join(w.err, fmt.Errorf("recording: what it says at its end: %w", err))
	}
	head := binary.AppendUvarint(nil, uint64(len(w.done)))
	last := int64(0)
	for i := range w.done {
		b := &w.done[i]
		head = binary.AppendUvarint(head, uint64(b.offset-last))
		head = binary.AppendUvarint(head, uint64(b.size))
		head = b.append(head)
		last = b.offset
	}
	head = append(binary.AppendUvarint(head, uint64(len(said))), said...)
	if len(head) > maxHead && w.err == nil {
		// It is as good without: whoever opens it goes through its blocks.
		w.err = fmt.Errorf("%w: an index of %d bytes; at most %d; what was recorded can be read without", ErrTooMuch, len(head), maxHead)
	}
	at := uint64(w.at)
	b := appendChunk(nil, chunkIndex, head, 0)
	w.write(append(binary.LittleEndian.AppendUint64(b, at), endMagic...))
	return errors.Join(w.err, w.enc.Close())
}
