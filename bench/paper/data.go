package paper

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ioverlay/ioverlay/bench"
)

// Data is what a measurement recorded in a world: objects, as they stand in a file of results, one a line.
type Data struct {
	Run
	Env     bench.Env
	Dir     string // where it was read from or is written to, with the charts; may be empty
	objects []object
}

type object struct {
	kind string
	text json.RawMessage
}

// Run is the object that says what was run, behind the environment.
type Run struct {
	Kind        string `json:"kind"` // ObjectRun
	Measurement string `json:"measurement"`
	World       string `json:"world"`
	Seed        uint64 `json:"seed"`
	Own         bool   `json:"own,omitempty"`  // it was asked for another question than the paper's, with which nothing is compared
	Note        string `json:"note,omitempty"` // what else a reader must know, as of the machine
	Failed      string `json:"failed,omitempty"`
	Interrupted bool   `json:"interrupted,omitempty"`
}

// ObjectRun is the "kind" of a Run among results.
const ObjectRun = "reproduction"

// Record takes an object over.
func (d *Data) Record(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("record a result: %w", err)
	}
	return d.take(text)
}

func (d *Data) take(text []byte) error {
	var o struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return err
	}
	switch o.Kind {
	case bench.ObjectEnv:
		return json.Unmarshal(text, &d.Env)
	case ObjectRun: // the last one counts: it knows how it ended
		return json.Unmarshal(text, &d.Run)
	case ObjectRow: // is made again
		return nil
	}
	d.objects = append(d.objects, object{o.Kind, slices.Clone(text)})
	return nil
}

// Empty reports whether nothing was measured.
func (d *Data) Empty() bool { return len(d.objects) == 0 }

// decode is the objects of these kinds.
func decode[T any](d *Data, kinds ...string) (all []T, err error) {
	for _, o := range d.objects {
		if !slices.Contains(kinds, o.kind) {
			continue
		}
		var v T
		if err := json.Unmarshal(o.text, &v); err != nil {
			return nil, fmt.Errorf("%s, %s: %w", d.Measurement, o.kind, err)
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s in world %s: %w", d.Measurement, d.World, ErrNothing)
	}
	return all, nil
}

// ErrNothing means that results hold nothing of a figure: it was interrupted before the first was measured.
var ErrNothing = errors.New("nothing was measured")

// ResultsName is the file of results in a folder; compressed it has gzip's ending.
const ResultsName = "results.jsonl"

// Load reads the results of the folders of a directory, in the order of measurements and worlds. Folders without results are passed over.
func Load(dir string) (all []*Data, err error) {
	for _, m := range Measurements() {
		for _, world := range Worlds {
			folder := filepath.Join(dir, m.Folder(world))
			d, err := load(folder)
			switch {
			case errors.Is(err, os.ErrNotExist):
				continue
			case err != nil:
				return nil, fmt.Errorf("read %s: %w", folder, err)
			case d.Measurement != m.Name || d.World != world:
				return nil, fmt.Errorf("read %s: these are results of %q in world %q", folder, d.Measurement, d.World)
			}
			all = append(all, d)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no results in %s: there should be folders such as %s, each with %s (ioverlay repro all --out %s makes them)",
			dir, Measurements()[0].Folder("live"), ResultsName, dir)
	}
	return all, nil
}

func load(folder string) (*Data, error) {
	path := filepath.Join(folder, ResultsName)
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		file, err = os.Open(path + ".gz")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	var text io.Reader = file
	if strings.HasSuffix(file.Name(), ".gz") {
		if text, err = gzip.NewReader(file); err != nil {
			return nil, err
		}
	}
	d := &Data{Dir: folder}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<24)
	for number := 1; lines.Scan(); number++ {
		if err := d.take(lines.Bytes()); err != nil {
			return nil, fmt.Errorf("line %d of %s: %w", number, file.Name(), err)
		}
	}
	return d, lines.Err()
}
