package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ioverlay/ioverlay/scenario/result"
)

// BundleName is the file that has everything needed to run an experiment again:
// "ioverlay experiment out/x/experiment.json" does.
const BundleName = "experiment.json"

// Bundle is an experiment with the texts of its files.
type Bundle struct {
	Kind  string        `json:"kind"` // "experiment"
	Name  string        `json:"name"`
	Main  string        `json:"main"` // which of the files is the experiment's
	Files []BundledFile `json:"files"`
	// Uses are the files that each combination's scenario names, in the order of combinations; missing: all but the
	// scenario and the main one.
	Uses   [][]string    `json:"uses,omitempty"`
	World  string        `json:"world"`
	Seeds  []uint64      `json:"seeds"`
	Runs   int           `json:"runs"` // that the experiment has, done or not
	Origin result.Origin `json:"origin"`
	Build  string        `json:"build"` // SHA-256 of the program
}

// BundledFile is one file, whole.
type BundledFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Text   string `json:"text"`
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// files are what an experiment reads: the files of a folder, or those of a bundle. What
// was read is kept, for hashes and bundles. It is safe for concurrent use.
type files struct {
	main   string // name of the experiment's own
	where  string // path of the file that was named
	dir    string
	bundle map[string]string // nil: of a folder
	world  string            // of a bundle, and its seeds
	seeds  []uint64

	mu   sync.Mutex
	read map[string][]byte
}

func openFiles(path string) (*files, error) {
	fs := &files{main: filepath.Base(path), where: path, dir: filepath.Dir(path), read: make(map[string][]byte)}
	if filepath.Ext(path) != ".json" {
		return fs, nil
	}
	b, err := readBundle(path)
	if err != nil {
		return nil, err
	}
	fs.main, fs.bundle = b.Main, make(map[string]string)
	fs.world, fs.seeds = b.World, b.Seeds
	for _, f := range b.Files {
		if hashOf([]byte(f.Text)) != f.SHA256 {
			return nil, fmt.Errorf("read the experiment: in %s the text of %s is not what its hash says: it was changed", path, f.Name)
		}
		fs.bundle[f.Name] = f.Text
	}
	return fs, nil
}

func readBundle(path string) (*Bundle, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the experiment: %w", err)
	}
	var b Bundle
	if err := json.Unmarshal(src, &b); err != nil {
		return nil, fmt.Errorf("read the experiment: %s: %w", path, err)
	}
	if b.Kind != "experiment" {
		return nil, fmt.Errorf("read the experiment: %s is no %s of a result: its kind is %q", path, BundleName, b.Kind)
	}
	return &b, nil
}

// shown is how messages call a file.
func (fs *files) shown(name string) string {
	if fs.bundle != nil {
		return fs.where + ": " + name
	}
	return filepath.Join(fs.dir, name)
}

// open reads a file that is named relative to the experiment's folder. A file is read
// once: all runs have the same text, even if it is edited meanwhile.
func (fs *files) open(name string) ([]byte, error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if text, ok := fs.read[name]; ok {
		return text, nil
	}
	var text []byte
	if fs.bundle != nil {
		one, ok := fs.bundle[name]
		if !ok {
			return nil, fmt.Errorf("%s has no file %s", fs.where, name)
		}
		text = []byte(one)
	} else {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(fs.dir, name)
		}
		var err error
		if text, err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	fs.read[name] = text
	return text, nil
}

// all are the files that were read, by name.
func (fs *files) all() (all []BundledFile) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(fs.read)) {
		all = append(all, BundledFile{name, hashOf(fs.read[name]), string(fs.read[name])})
	}
	return all
}

// build is the SHA-256 of this program: figures of two programs are not of one
// experiment. A program that cannot read itself has none.
var build = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return hashOf(text)
})
