package ioverlay_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// One algorithm, three worlds: code that runs live, emulated and in virtual time
// may not read the clock, wait, start a goroutine or draw a number that its
// runtime did not hand in. The imports are held in arch_test.go; here is what is
// in the code. Test files may do as they like.

// worldRoots are walked, but for the runtimes among them.
var (
	worldRoots = []string{"metric", "core", "algos", "apps", "coding", "scenario/host", "examples/gossip"}
	runtimes   = []string{"core/engine", "core/sim/hunt", "apps/stream/endpoint", "apps/file/disk"} // hunt runs worlds side by side; the others are where streams and files enter and leave
)

// clockNames are what package time has besides values and their arithmetic.
var clockNames = []string{
	"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Timer", "Ticker",
}

// seededNames are what math/rand/v2 has that draws nothing by itself. All the
// rest are the global functions, whose seed differs from run to run.
var seededNames = []string{"Rand", "New", "Source", "PCG", "NewPCG", "ChaCha8", "NewChaCha8", "Zipf", "NewZipf"}

func TestWorldsAreDeterministic(t *testing.T) {
	for _, root := range worldRoots {
		for _, file := range goFiles(t, root) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found, err := worldViolations(file, src)
			if err != nil {
				t.Errorf("%s does not parse: %v", file, err)
			}
			for _, v := range found {
				t.Error(v)
			}
		}
	}
}

// goFiles lists the Go files below root that are no tests, for every system: build
// tags are not looked at. The runtimes are left out, unless root is everything.
func goFiles(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == root:
			return fs.SkipAll // not written yet
		case err != nil:
			return err
		case d.IsDir() && (ignoredDir(d.Name()) || isModule(name) || root != "." && slices.Contains(runtimes, filepath.ToSlash(name))):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// ignoredDir reports whether the go command passes a folder of this name over.
func ignoredDir(name string) bool {
	return name == "testdata" || name != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_"))
}

// isModule reports whether a folder is a module of its own, such as a generator's: nobody imports what is in it.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil && filepath.Clean(dir) != "."
}

// worldViolations lists what a file does that its world cannot repeat.
func worldViolations(name string, src []byte) ([]string, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	w := worldWalk{fset: fset, imports: make(map[string]string)}
	w.readImports(file)
	w.readDirectives(file)
	ast.Inspect(file, w.visit)
	return w.found, nil
}

type worldWalk struct {
	fset    *token.FileSet
	imports map[string]string // import path by the name it has in the file
	found   []string
}

func (w *worldWalk) report(at token.Pos, format string, args ...any) {
	w.found = append(w.found, fmt.Sprintf("%s: ", w.fset.Position(at))+fmt.Sprintf(format, args...))
}

func (w *worldWalk) readImports(file *ast.File) {
	for _, spec := range file.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			w.report(spec.Pos(), "import path %s: %v", spec.Path.Value, err)
			continue
		}
		name := path.Base(importPath)
		if importPath == "math/rand/v2" {
			name = "rand"
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." {
			w.report(spec.Pos(), "a dot import hides where names come from")
		}
		w.imports[name] = importPath
	}
}

// readDirectives finds the way around every rule.
func (w *worldWalk) readDirectives(file *ast.File) {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:linkname ") {
				w.report(c.Pos(), "go:linkname reaches around the runtime")
			}
		}
	}
}

func (w *worldWalk) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		w.report(n.Pos(), "a goroutine: ask the runtime for a timer, or do the work in turns")
	case *ast.ChanType:
		w.report(n.Pos(), "a channel: pass messages")
	case *ast.SendStmt:
		w.report(n.Pos(), "a send on a channel: pass messages")
	case *ast.SelectStmt:
		w.report(n.Pos(), "a select: pass messages")
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			w.report(n.Pos(), "a receive from a channel: pass messages")
		}
	case *ast.SelectorExpr:
		w.selector(n)
	}
	return true
}

func (w *worldWalk) selector(n *ast.SelectorExpr) {
	x, ok := n.X.(*ast.Ident)
	if !ok {
		return
	}
	switch w.imports[x.Name] {
	case "time":
		if slices.Contains(clockNames, n.Sel.Name) {
			w.report(n.Pos(), "time.%s: the runtime gives the time and the timers", n.Sel.Name)
		}
	case "math/rand/v2":
		if !slices.Contains(seededNames, n.Sel.Name) {
			w.report(n.Pos(), "rand.%s draws from the global source: the runtime gives a seeded one", n.Sel.Name)
		}
	}
}

func TestWorldViolations(t *testing.T) {
	for _, c := range []struct {
		name, src, want string // want "": nothing found
	}{
		{"arithmetic on time", `import "time"; var d = 3 * time.Second; func f(t time.Time) time.Time { return t.Add(d) }`, ""},
		{"clock", `import "time"; var t = time.Now()`, "time.Now"},
		{"clock as a value", `import "time"; var now = time.Now`, "time.Now"},
		{"clock under another name", `import clock "time"; func f() { clock.Sleep(1) }`, "time.Sleep"},
		{"timer type", `import "time"; var t *time.Timer`, "time.Timer"},
		{"another package called time", `import "example.org/time"; var t = time.Now()`, ""},
		{"method called Now", `type c struct{}; func (c) Now() int { return 0 }; var x = c{}.Now()`, ""},
		{"seeded random", `import "math/rand/v2"; var r = rand.New(rand.NewPCG(1, 2)); var x = r.IntN(3)`, ""},
		{"random type", `import "math/rand/v2"; func f(r *rand.Rand) int { return r.IntN(3) }`, ""},
		{"global random", `import "math/rand/v2"; var x = rand.IntN(3)`, "rand.IntN"},
		{"global random, generic", `import "math/rand/v2"; var x = rand.N[int](3)`, "rand.N"},
		{"goroutine", `func f() { go f() }`, "goroutine"},
		{"channel", `var c chan<- int`, "channel"},
		{"made channel", `var c = make(chan int)`, "channel"},
		{"send", `func f[C ~chan int](c C) { c <- 1 }`, "send on a channel"},
		{"receive", `func f[C ~chan int](c C) { <-c }`, "receive from a channel"},
		{"select", `func f() { select {} }`, "select"},
		{"dot import", `import . "time"`, "dot import"},
		{"linkname", "import _ \"unsafe\"\n\n//go:linkname nanotime runtime.nanotime\nfunc nanotime() int64", "go:linkname"},
		{"a comment about go func and <-c", "// go f() <-c time.Now()\nvar x int", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := worldViolations("x.go", []byte("package x\n"+c.src+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(found, "\n")
			if c.want == "" && all != "" || !strings.Contains(all, c.want) {
				t.Errorf("found %q, want %q", all, c.want)
			}
		})
	}
}
