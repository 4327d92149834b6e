package live

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
)

// RecordOptions say where what an observer shows is recorded.
type RecordOptions struct {
	File  string // what is there already becomes an old file
	Size  int64  // bytes of a file after which another is begun; 0 means DefaultRecordSize
	Files int    // old files that are kept; 0 means DefaultRecordFiles

	Program string   // that records, with its version
	Command []string // that was given
}

// DefaultRecordSize and DefaultRecordFiles bound what recordings take of a disk.
const (
	DefaultRecordSize  = 256 << 20
	DefaultRecordFiles = 10
)

// oldStamp is when an old file became one, in its name; names in order are times in order.
const oldStamp = "20060102T150405.000000000"

// Recorder writes what an observer shows to a file, as a run's --record does. When the file is full it becomes an old one,
// and another begins with how everything stands: each can be looked at by itself.
type Recorder struct {
	o      RecordOptions
	l      *Live
	sub    *subscription
	cancel context.CancelFunc
	done   chan struct{}
	err    error // valid once done is closed

	file   *os.File
	buf    *bufio.Writer
	w      *recording.Writer
	bytes  atomic.Int64 // of the file
	filled atomic.Int64 // files before it
	began  record.Time
	now    record.Time // of the last update
	lost   atomic.Uint64
	bad    atomic.Bool
}

// Record begins to record. The disk may be as slow as it likes: updates that it does not take in time are left out, counted, and
// told in the recording. One recording runs at a time: an error that wraps api.ErrNotNow says that one does. The observer's
// Close ends it if nobody has.
func (l *Live) Record(o RecordOptions) (*Recorder, error) {
	l.recording.Lock()
	defer l.recording.Unlock()
	switch r := l.recorder.Load(); {
	case l.ended:
		return nil, fmt.Errorf("observer: record: %w", errEnded)
	case r == nil:
	case r.runs():
		return nil, fmt.Errorf("%w: it records already, in %s: stop that first", api.ErrNotNow, r.o.File)
	case l.spoilt == nil:
		l.spoilt = r.err
	}
	if o.Size <= 0 {
		o.Size = DefaultRecordSize
	}
	if o.Files <= 0 {
		o.Files = DefaultRecordFiles
	}
	r := &Recorder{o: o, l: l, done: make(chan struct{}), began: l.now()}
	if err := r.retire(); err != nil {
		return nil, err
	}
	if err := r.begin(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.sub = cancel, l.Subscribe().(*subscription)
	l.recorder.Store(r)
	go r.run(ctx)
	return r, nil
}

// retire makes an old file of what is there, and removes those that are too many.
func (r *Recorder) retire() error {
	ext := filepath.Ext(r.o.File)
	stem := strings.TrimSuffix(r.o.File, ext)
	if info, err := os.Stat(r.o.File); err == nil && info.Size() > 0 {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("observer: record: %s is no file that could be written anew", r.o.File)
		}
		if err := os.Rename(r.o.File, stem+"-"+time.Now().UTC().Format(oldStamp)+ext); err != nil {
			return fmt.Errorf("observer: record: %w", err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(r.o.File))
	if err != nil {
		return fmt.Errorf("observer: record: %w", err)
	}
	var old []string
	for _, e := range entries {
		stamp, is := strings.CutPrefix(e.Name(), filepath.Base(stem)+"-")
		if _, err := time.Parse(oldStamp, strings.TrimSuffix(stamp, ext)); is && err == nil && strings.HasSuffix(stamp, ext) {
			old = append(old, e.Name())
		}
	}
	slices.Sort(old)
	for _, name := range old[:max(len(old)-r.o.Files, 0)] {
		if err := os.Remove(filepath.Join(filepath.Dir(r.o.File), name)); err != nil {
			return fmt.Errorf("observer: record: %w", err)
		}
	}
	return nil
}

// begin begins a file.
func (r *Recorder) begin() error {
	file, err := os.Create(r.o.File)
	if err != nil {
		return fmt.Errorf("observer: record: %w", err)
	}
	m, _ := r.l.Meta(context.Background()) // there is no error
	epoch := m.EpochMS
	r.file, r.buf = file, bufio.NewWriterSize(counted{file, &r.bytes}, 64<<10)
	r.bytes.Store(0)
	r.w, err = recording.NewWriter(r.buf, recording.Meta{Title: m.Title, World: "observer", Every: m.Poll.Seconds(), Epoch: &epoch,
		Program: r.o.Program, Command: r.o.Command}, recording.Options{BlockBytes: int(min(recording.DefaultBlockBytes, max(r.o.Size/8, 1)))})
	if err != nil {
		return errors.Join(fmt.Errorf("observer: record: %w", err), file.Close())
	}
	return nil
}

// end ends the file.
func (r *Recorder) end() error {
	if r.w == nil {
		return nil
	}
	err := r.w.Close(recording.End{Ended: r.now, Stopped: true})
	err = errors.Join(err, r.buf.Flush(), r.file.Close())
	r.w = nil
	if err != nil {
		return fmt.Errorf("observer: record: %w", err)
	}
	return nil
}

func (r *Recorder) run(ctx context.Context) {
	defer close(r.done)
	err := r.follow(ctx)
	if err != nil {
		r.bad.Store(true)
		r.l.o.Log.Error("what happens is recorded no more", "file", r.o.File, "err", err)
	}
	r.sub.Close()
	r.err = errors.Join(err, r.end())
}

// follow records until the context or the observer ends, or the disk fails.
func (r *Recorder) follow(ctx context.Context) error {
	for {
		u, dropped, err := r.sub.Next(ctx)
		if err != nil {
			// What waits is recorded still. After that there is nothing.
			for u, dropped, _ := r.sub.take(); u != nil; u, dropped, _ = r.sub.take() {
				if err := r.keep(u, dropped); err != nil {
					return err
				}
			}
			return nil
		}
		if err := r.keep(u, dropped); err != nil {
			return err
		}
	}
}

// keep records an update, and begins another file if this one is full.
func (r *Recorder) keep(u *record.Update, dropped int) error {
	if dropped > 0 {
		r.lost.Add(uint64(dropped))
		told := *u
		told.Events = append(slices.Clone(u.Events), record.Event{T: u.T, Kind: record.EventProblem,
			Text: fmt.Sprintf("%d updates are not recorded, because the disk was too slow: this is how things stand", dropped)})
		u = &told
	}
	if err := r.w.Update(u); err != nil {
		if r.w.Err() != nil {
			return err
		}
		r.lost.Add(1) // one that may not be
		return nil
	}
	r.now = u.T
	if r.bytes.Load()+int64(r.buf.Buffered()) < r.o.Size {
		return nil
	}
	stands := r.w.Model().Snapshot()
	stands.T = r.now
	if err := errors.Join(r.end(), r.retire()); err != nil {
		return err
	}
	r.filled.Add(1)
	if err := r.begin(); err != nil {
		return err
	}
	return r.w.Update(&stands)
}

// runs reports whether it has not ended.
func (r *Recorder) runs() bool {
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// Close ends the recording. The error is the first thing that went wrong with it.
func (r *Recorder) Close() error {
	r.cancel()
	<-r.done
	return r.err
}

// counted counts the bytes that are written to a file.
type counted struct {
	to *os.File
	n  *atomic.Int64
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n.Add(int64(n))
	return n, err
}
