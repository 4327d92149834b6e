package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// rememberEvery is how often the nodes that are there are written, if they have changed.
const rememberEvery = time.Second

// memory is the file.
type memory struct {
	Nodes []core.NodeID `json:"nodes"`
}

// remembered are the nodes that an observer before this one knew. No file is none.
func remembered(path string) ([]core.NodeID, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("observer: read the nodes that were there: %w", err)
	}
	var m memory
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("observer: %s is no file of an observer: %w", path, err)
	}
	return m.Nodes, nil
}

// remembering writes the file now and then.
type remembering struct {
	stop chan struct{}
	done chan error
}

func (l *Live) remember() *remembering {
	r := &remembering{stop: make(chan struct{}), done: make(chan error, 1)}
	if l.o.StateFile == "" {
		r.done <- nil
		return r
	}
	go func() {
		tick := time.NewTicker(rememberEvery)
		defer tick.Stop()
		var last []core.NodeID
		for {
			stopping := false
			select {
			case <-tick.C:
			case <-r.stop:
				stopping = true
			}
			next, err := l.write(last)
			if err != nil {
				l.o.Log.Warn("cannot write the nodes that are there", "err", err)
			} else {
				last = next
			}
			if stopping {
				r.done <- err
				return
			}
		}
	}()
	return r
}

func (r *remembering) close() error {
	close(r.stop)
	return <-r.done
}

// write writes the file if it would be another than last time. The file is whole at any time.
func (l *Live) write(last []core.NodeID) ([]core.NodeID, error) {
	var m memory
	if err := l.node.Do(func(*core.Node) { m.Nodes = l.obs.Alive() }); err != nil {
		return last, nil //nolint:nilerr // it has ended: what was written last is right
	}
	slices.SortFunc(m.Nodes, core.NodeID.Compare)
	if len(m.Nodes) == 0 || slices.Equal(m.Nodes, last) {
		return last, nil // that all are gone is as like as not that this host is cut off
	}
	text, err := json.Marshal(m)
	if err != nil {
		return last, err
	}
	f, err := os.CreateTemp(filepath.Dir(l.o.StateFile), filepath.Base(l.o.StateFile)+".*")
	if err != nil {
		return last, err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), l.o.StateFile)
	}
	if err != nil {
		return last, errors.Join(err, os.Remove(f.Name()))
	}
	return m.Nodes, nil
}
