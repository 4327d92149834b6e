package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/ioverlay/ioverlay/apps/file"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// Options say how files are put into a directory. Zero values have defaults.
type Options struct {
	// Replace allows a file of a transfer's name to be replaced, and an unfinished one of another transfer.
	Replace bool
	// QueueBytes is how much may wait for the disk, of each file: what comes beyond counts as missing, and is asked for again. 0: 16 MiB.
	QueueBytes int
}

// defaultQueue is how much waits for the disk, of each file.
const defaultQueue = 16 << 20

// What an unfinished file, and what is known of it, are called behind its name.
const (
	partSuffix  = ".part"
	stateSuffix = ".part.state"
)

// ErrExists is wrapped by the error of a transfer whose file exists already with other bytes.
var ErrExists = errors.New("disk: there is such a file already, and it is another")

// Dir is a directory that a sink puts files into. While a file NAME is on its way, its blocks are in NAME.part, and what is known of them in NAME.part.state. When all
// are there and the file has the SHA-256 of its manifest, it gets its name. A file that is there already with the same bytes is left as it is.
type Dir struct {
	path  string
	opt   Options
	node  *engine.Node
	begun chan struct{} // closed when node is set
	quit  chan struct{} // closed when nothing more comes
	all   sync.WaitGroup
	mu    sync.Mutex
	errs  []error // of the end
}

// OpenDir makes a directory, if it is not there, for files.
func OpenDir(path string, o Options) (*Dir, error) {
	if o.QueueBytes == 0 {
		o.QueueBytes = defaultQueue
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("disk: %w", err)
	}
	return &Dir{path: path, opt: o, begun: make(chan struct{}), quit: make(chan struct{})}, nil
}

// Attach says which node has the sink. Transfers that have come before wait for it.
func (d *Dir) Attach(n *engine.Node) {
	d.node = n
	close(d.begun)
}

// Path is where the file of a transfer gets when it is whole, and where it is until then.
func (d *Dir) Path(m *file.Manifest) (whole, part string) {
	whole = filepath.Join(d.path, m.Name)
	return whole, whole + partSuffix
}

// Open opens the store of a transfer: it is what file.SinkOptions.Open wants.
func (d *Dir) Open(_ *core.Node, t *file.Transfer) (file.Store, error) {
	m := *t.Manifest()
	if strings.HasSuffix(m.Name, partSuffix) || strings.HasSuffix(m.Name, stateSuffix) {
		return nil, fmt.Errorf("the name %q is what unfinished files are called", m.Name)
	}
	s := newStore(d, t, m)
	d.all.Go(s.run)
	return s, nil
}

// Close waits until all that was taken is on the disk. The node must have ended. What is unfinished stays, and goes on when it is opened again.
func (d *Dir) Close() error {
	close(d.quit)
	d.all.Wait()
	return errors.Join(d.errs...)
}

// do runs a function on the node's loop. It reports false if the node has ended, or never began.
func (d *Dir) do(fn func()) bool {
	select {
	case <-d.begun:
	case <-d.quit:
		return false
	}
	return d.node.Do(func(*core.Node) { fn() }) == nil
}

// fail notes an error of the end.
func (d *Dir) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.errs = append(d.errs, err)
}
