package disk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps/file"
	"github.com/ioverlay/ioverlay/apps/file/disk"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(slabtest.Main{M: m}) }

const app = 1

// write makes a file of noise in a new directory.
func write(t *testing.T, name string, length int) (path string, data []byte) {
	t.Helper()
	data = make([]byte, length)
	dice := rand.New(rand.NewPCG(uint64(length), 0))
	for i := range data {
		data[i] = byte(dice.Uint32())
	}
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path, data
}

// few is a store that takes only so many blocks.
type few struct {
	file.Store
	left uint64
}

func (f *few) Put(block int, leaf file.Hash, data []byte) bool {
	if f.left == 0 {
		return false
	}
	f.left--
	return f.Store.Put(block, leaf, data)
}

// transmit sends a file into a directory, from a node to another, and returns how it ended and what the sink has counted. With most above
// 0 it ends when so many blocks have come.
func transmit(t *testing.T, path, dir string, o disk.Options, most uint64) (c file.SinkCounts, ended error) {
	t.Helper()
	e, err := engine.New(engine.Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	d, err := disk.OpenDir(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := disk.Describe(t.Context(), path, 1000, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	open := d.Open
	if most > 0 {
		open = func(n *core.Node, t *file.Transfer) (file.Store, error) {
			s, err := d.Open(n, t)
			return &few{s, most}, err
		}
	}
	sink := file.NewSink(file.SinkOptions{App: app, Open: open, Done: func(_ *file.Transfer, err error) { done <- err }})
	to, err := e.AddNode(file.Beside(relay.New(nil), sink), engine.NodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.Attach(to)
	src := file.NewSource(file.SourceOptions{App: app, Manifest: r.Manifest, Tree: r.Tree, Blocks: r, Stay: true, Window: 20 * time.Millisecond})
	from, err := e.AddNode(file.Beside(relay.New(nil, to.ID()), src), engine.NodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e.AllUp()
	r.Start(from, app)
	if err := from.Do(func(n *core.Node) { n.AddSource(app, src) }); err != nil {
		t.Fatal(err)
	}
	for over := false; !over; {
		select {
		case ended = <-done:
			over = true
		case err := <-r.Failed():
			ended, over = err, true
		case <-time.After(time.Millisecond):
			_ = to.Do(func(*core.Node) { over = most > 0 && sink.Counts().Blocks >= most })
		}
	}
	if err := e.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := errors.Join(d.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	return sink.Counts(), ended
}

// holds reports what is in a directory besides a file with some data.
func holds(t *testing.T, dir, name string, data []byte) (others []string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%s is not what was sent: %d bytes, %v", name, len(got), err)
	}
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Name() != name {
			others = append(others, e.Name())
		}
	}
	return others
}

// A file arrives as it is; a second time nothing of it is taken; another one of its name is refused, or takes its place if it may.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path, data := write(t, "a.bin", 333_333)
	c, err := transmit(t, path, dir, disk.Options{}, 0)
	if others := holds(t, dir, "a.bin", data); err != nil || len(others) > 0 || c.Blocks != 334 || c.Whole != 1 {
		t.Errorf("%v: %+v, beside it %v", err, c, others)
	}
	if c, err := transmit(t, path, dir, disk.Options{}, 0); err != nil || c.Blocks != 0 || c.Whole != 1 {
		t.Errorf("again: %v, %+v", err, c)
	}
	another, other := write(t, "a.bin", 222_222)
	if c, err := transmit(t, another, dir, disk.Options{}, 0); !errors.Is(err, disk.ErrExists) || c.Failed != 1 {
		t.Errorf("another of this name: %v, %+v", err, c)
	}
	if others := holds(t, dir, "a.bin", data); len(others) > 0 {
		t.Errorf("beside it %v", others)
	}
	_, err = transmit(t, another, dir, disk.Options{Replace: true}, 0)
	if others := holds(t, dir, "a.bin", other); err != nil || len(others) > 0 {
		t.Errorf("%v, beside it %v", err, others)
	}
}

// A pipe is no file, neither to be sent nor as what is there already: nobody waits for who would write to it.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "a.bin")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Describe(t.Context(), pipe, 0, nil); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("sent: %v", err)
	}
	path, _ := write(t, "a.bin", 1000)
	if c, err := transmit(t, path, dir, disk.Options{}, 0); !errors.Is(err, disk.ErrExists) || c.Failed != 1 {
		t.Errorf("there already: %v, %+v", err, c)
	}
}

// What is there of a file when its node ends is gone on with, but for what the disk has not kept. A transfer of another file with this name
// is refused meanwhile.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	path, data := write(t, "a.bin", 3_000_000)
	first, _ := transmit(t, path, dir, disk.Options{}, 500)
	part := filepath.Join(dir, "a.bin.part")
	kept, err := os.ReadFile(part)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a.bin")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("an unfinished file has its name already")
	}
	another, _ := write(t, "a.bin", 1000)
	if c, err := transmit(t, another, dir, disk.Options{}, 0); err == nil || !strings.Contains(err.Error(), "of another transfer") || c.Failed != 1 {
		t.Errorf("another file of this name: %v, %+v", err, c)
	}
	damaged := uint64(0)
	for i := 0; i < len(data); i += 100_000 { // some of the blocks that are there go bad
		if bytes.Equal(kept[i:i+1000], data[i:i+1000]) {
			damaged++
			kept[i] ^= 1
		}
	}
	if err := os.WriteFile(part, kept, 0o644); err != nil {
		t.Fatal(err)
	}
	second, err := transmit(t, path, dir, disk.Options{}, 0)
	if others := holds(t, dir, "a.bin", data); err != nil || len(others) > 0 || first.Blocks != 500 || damaged == 0 || first.Blocks+second.Blocks != 3000+damaged {
		t.Errorf("%v: first %+v, then %+v with %d gone bad, beside it %v", err, first, second, damaged, others)
	}
}

// Whatever a crash or a disk makes of an unfinished file and of what is known of it: it is gone on with, or refused, and the file is right in the end.
func TestDamagedState(t *testing.T) {
	path, data := write(t, "a.bin", 50_000)
	dice := rand.New(rand.NewPCG(1, 2))
	finished, rounds := 0, 30
	if testing.Short() {
		rounds = 10
	}
	for round := range rounds {
		dir := t.TempDir()
		if c, err := transmit(t, path, dir, disk.Options{}, 10); err != nil || c.Blocks != 10 {
			t.Fatal(c, err)
		}
		for _, name := range []string{"a.bin.part", "a.bin.part.state"} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			switch dice.IntN(4) {
			case 0:
				b = b[:dice.IntN(len(b)+1)]
			case 1:
				for range 5 {
					b[dice.IntN(len(b))] ^= byte(1 + dice.IntN(255))
				}
			case 2:
				b = append(b, b[:dice.IntN(min(len(b), 500))]...)
			}
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		c, err := transmit(t, path, dir, disk.Options{}, 0)
		switch {
		case err == nil:
			finished++
			if others := holds(t, dir, "a.bin", data); len(others) > 0 {
				t.Errorf("round %d: beside it %v", round, others)
			}
		case !strings.Contains(err.Error(), "of another transfer") || c.Failed != 1:
			t.Errorf("round %d: %v, %+v", round, err, c)
		}
	}
	if finished < rounds/2 {
		t.Errorf("only %d of %d finished", finished, rounds)
	}
}

// A disk that is slower than the overlay costs blocks, which are asked for again, and no memory.
func TestSmallQueue(t *testing.T) {
	dir := t.TempDir()
	path, data := write(t, "a.bin", 2_000_000)
	c, err := transmit(t, path, dir, disk.Options{QueueBytes: 1}, 0)
	if others := holds(t, dir, "a.bin", data); err != nil || len(others) > 0 || c.Blocks != 2000 {
		t.Errorf("%v: %+v, beside it %v", err, c, others)
	}
	t.Logf("%d blocks found no room", c.Busy)
}

// A source whose file changes says so, and sends nothing false.
func TestChangedSource(t *testing.T) {
	path, _ := write(t, "a.bin", 100_000)
	r, err := disk.Describe(t.Context(), path, 1000, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, 50_000), 0o644); err != nil {
		t.Fatal(err)
	}
	r.Start(nil, app)
	if r.Read(3, make([]byte, 1000)) {
		t.Error("a block that is another is read")
	}
	if err := <-r.Failed(); !errors.Is(err, disk.ErrChanged) {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// What is described is what is there.
func TestDescribe(t *testing.T) {
	path, data := write(t, "a b.bin", 100_001)
	last := int64(0)
	r, err := disk.Describe(t.Context(), path, 0, func(read, all int64) {
		if read < last || all != 100_001 {
			t.Errorf("%d of %d bytes after %d", read, all, last)
		}
		last = read
	})
	if err != nil {
		t.Fatal(err)
	}
	if m := r.Manifest; m.Name != "a b.bin" || m.Length != 100_001 || m.BlockLen != file.DefaultBlockLen || m.Sum != sha256.Sum256(data) || last != m.Length {
		t.Errorf("%+v", r.Manifest)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "nothing"), os.DevNull} {
		if _, err := disk.Describe(t.Context(), path, 0, nil); err == nil {
			t.Errorf("%s is described", path)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := disk.Describe(over, path, 0, nil); !errors.Is(err, context.Canceled) && err != nil {
		t.Error(err)
	}
}
