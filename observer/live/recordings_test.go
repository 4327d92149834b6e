package live_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/observer/live"
)

// What is recorded when the observer is closed is whole, whoever began it, and after that nothing is begun.
func TestAnObserverThatIsClosedEndsItsRecording(t *testing.T) {
	file := filepath.Join(t.TempDir(), "watched.rec")
	l, err := live.Start(live.Options{Record: live.RecordOptions{File: file}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for range 2 {
		if is, err := l.StartRecording(ctx, "me"); err != nil || !is.Running {
			t.Fatalf("%+v, %v", is, err)
		}
		if _, err := l.Record(live.RecordOptions{File: file + "2"}); !errors.Is(err, api.ErrNotNow) {
			t.Fatalf("a second one: %v", err)
		}
		if is, err := l.StopRecording(ctx, "me"); err != nil || is.Running {
			t.Fatalf("%+v, %v", is, err)
		}
	}
	if _, err := l.StopRecording(ctx, "me"); !errors.Is(err, api.ErrNotNow) {
		t.Fatalf("an end of none: %v", err)
	}
	if _, err := l.StartRecording(ctx, "me"); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if old, err := filepath.Glob(filepath.Join(filepath.Dir(file), "watched-*.rec")); err != nil || len(old) != 2 {
		t.Errorf("old files: %v, %v", old, err)
	}
	_, r := replayed(t, file)
	if !r.End().Stopped {
		t.Error("it does not say that it was stopped")
	}
	if _, err := l.StartRecording(ctx, "me"); err == nil || l.Recording().Running {
		t.Errorf("a closed observer records: %v", err)
	}
}

// A recording whose disk fails ends by itself: it is said, another can be begun, and the observer's end still has the error.
func TestARecordingThatFailedIsSaid(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here")
	}
	dir := t.TempDir()
	l, err := live.Start(live.Options{Record: live.RecordOptions{File: filepath.Join(dir, "good.rec")}})
	if err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(dir, "full.rec")
	if err := os.Symlink("/dev/full", full); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Record(live.RecordOptions{File: full}); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if _, err := l.StopRecording(ctx, "me"); err == nil {
		t.Error("a recording on a full disk is said to be whole")
	}
	if is := l.Recording(); is.Running || is.Error == "" {
		t.Errorf("after it: %+v", is)
	}
	if is, err := l.StartRecording(ctx, "me"); err != nil || !is.Running || is.Error != "" {
		t.Errorf("another: %+v, %v", is, err)
	}
	if err := l.Close(); err == nil {
		t.Error("the observer's end does not have what went wrong")
	}
}
