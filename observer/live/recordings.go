package live

import (
	"context"
	"fmt"

	"github.com/ioverlay/ioverlay/observer/api"
)

// Recordings that are begun and ended while the observer runs. Whoever asks over HTTP says that there shall be one, and not
// where: the file is Options.Record's, so nobody can have another one written or moved away.

// Recording implements api.Recorder.
func (l *Live) Recording() api.Recording {
	is := api.Recording{Can: l.o.Record.File != "", File: l.o.Record.File}
	r := l.recorder.Load()
	if r == nil {
		return is
	}
	began := r.began
	is.Running, is.File, is.Begin = r.runs(), r.o.File, &began
	is.Bytes, is.Filled, is.Lost = r.bytes.Load(), r.filled.Load(), r.lost.Load()
	if !is.Running && r.err != nil {
		is.Error = r.err.Error()
	}
	return is
}

// StartRecording implements api.Recorder.
func (l *Live) StartRecording(_ context.Context, by string) (api.Recording, error) {
	if l.o.Record.File == "" {
		return l.Recording(), fmt.Errorf("%w: this observer has no file for recordings: start it with --record-later FILE", api.ErrRefused)
	}
	_, err := l.Record(l.o.Record)
	l.book.order(l.now(), by, "record start in "+l.o.Record.File, err)
	return l.Recording(), err
}

// StopRecording implements api.Recorder. Once it has returned the file is whole.
func (l *Live) StopRecording(_ context.Context, by string) (api.Recording, error) {
	if l.o.Record.File == "" {
		return l.Recording(), fmt.Errorf("%w: what this observer records is not ended over HTTP: it was started without --record-later", api.ErrRefused)
	}
	l.recording.Lock()
	defer l.recording.Unlock()
	r := l.recorder.Load()
	if r == nil || !r.runs() {
		return l.Recording(), fmt.Errorf("%w: nothing is recorded", api.ErrNotNow)
	}
	err := r.Close()
	if err != nil {
		err = fmt.Errorf("the recording in %s may not be whole: %w", r.o.File, err)
	}
	l.book.order(l.now(), by, "record stop, in "+r.o.File, err)
	return l.Recording(), err
}

// endRecording ends what is recorded, if anything is, for good. The error is the first of all recordings that there were.
func (l *Live) endRecording() error {
	l.recording.Lock()
	defer l.recording.Unlock()
	l.ended = true
	if r := l.recorder.Load(); r != nil {
		if err := r.Close(); l.spoilt == nil {
			l.spoilt = err
		}
	}
	return l.spoilt
}
