package ioverlay_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The architecture as a test over the import graph. The lint configuration holds
// the same arrows (depguard), but this runs for everybody who runs go test.
// A package that does not exist yet is no error.

const module = "github.com/ioverlay/ioverlay"

// layer is one box of the layout and the boxes it may import. Paths are relative
// to the module; "/..." takes all below. The longest matching path is a package's
// layer. Packages of one layer may import each other.
type layer struct {
	path string
	may  []string
}

// layers is the layout from the bottom up. Packages without a layer, such as the
// command, may import everything except what the libraries below forbid.
var layers = []layer{
	{"bufpool/...", nil},
	{"internal/interleave/...", nil},
	{"internal/localtcp/...", nil},
	{"internal/mutate/...", nil},
	{"internal/golden/...", nil},
	{"ring/...", []string{"internal/interleave"}},
	{"coding/...", nil},
	{"perf/...", nil},
	{"metric/...", nil},
	{"purity/...", nil},
	{"record/...", nil},
	{"internal/subprocess/...", nil},
	{"internal/nodereport/...", []string{"metric"}},
	{"core/wire/...", []string{"bufpool"}},
	{"internal/nodemap/...", []string{"core/wire"}},
	{"core/emul/...", nil},
	{"core/qos/...", nil},
	{"core/...", []string{"bufpool", "ring", "metric", "core/wire", "core/emul", "core/qos", "internal/nodemap"}},
	{"core/engine/...", []string{"internal/interleave", "internal/localtcp", "bufpool", "ring", "core", "core/wire", "core/emul", "core/qos"}},
	{"core/sim/...", []string{"bufpool", "ring", "core", "core/wire", "core/emul", "core/qos", "internal/nodemap"}},
	{"algos/...", []string{"bufpool", "coding/...", "core", "core/wire", "core/emul", "core/qos"}},
	{"apps/...", []string{"bufpool", "coding/...", "core", "core/wire", "metric"}},
	{"apps/stream/endpoint", []string{"apps/stream", "core", "core/engine"}},
	{"apps/file/disk", []string{"apps/file", "core", "core/engine"}},
	{"scenario/spec/...", []string{"core/emul", "metric"}},
	{"scenario/fluid/...", []string{"scenario/spec"}},
	{"scenario/result/...", []string{"scenario/spec", "metric"}},
	{"scenario/host/...", []string{"core", "core/wire", "metric", "algos/...", "apps/...", "coding/...", "scenario/spec"}},
	{"scenario/scenariotest/...", []string{"core/...", "scenario", "scenario/spec"}},
	{"observer", []string{"metric", "record", "core", "core/wire", "core/emul", "algos"}},
	{"observer/api/...", []string{"record", "observer"}},
	{"observer/live/...", []string{"record/...", "core", "core/engine", "observer", "observer/api"}},
	{"observer/web/...", nil},
	{"observer/replay/...", []string{"record/...", "observer/api"}},
	{"observer/report/...", []string{"ring", "core", "core/wire", "core/engine", "algos", "apps", "internal/nodereport"}},
	{"scenario/...", []string{"core/...", "metric", "record/...", "observer/report", "algos/...", "apps/...", "coding/...", "scenario/spec", "scenario/result", "scenario/host",
		"internal/subprocess"}},
	{"experiment/stats", nil},
	{"experiment/...", []string{"experiment/stats", "scenario/...", "internal/subprocess"}},
	{"cli/...", []string{"observer/...", "record/...", "bufpool", "core/...", "algos/...", "apps/...", "coding/...", "scenario/...", "experiment", "perf/...",
		"examples", "internal/nodereport", "internal/subprocess"}},
	{".", []string{"cli/...", "scenario/..."}},
	{"examples", nil},
	{"examples/...", []string{".", "core/...", "algos/...", "apps/...", "coding/...", "scenario/..."}},
}

// library is an import that only some may use. An empty only means nobody;
// except lists packages below path that are harmless.
type library struct {
	path   string
	except []string
	only   []string // who may; nil with not set means everybody but not
	not    []string // who may not
	why    string
}

// worlds are the packages that must behave alike live, emulated and in virtual
// time, and virtual time itself, which must be the same on every machine. The live
// runtime is not among them, nor what runs many virtual worlds at a time.
var worlds = []string{"metric", "record", "core", "core/wire/...", "core/emul/...", "core/qos/...", "algos/...", "apps/...", "coding/...",
	"core/sim", "core/sim/trace", "core/sim/simtest", "observer", "scenario/host", "examples/gossip"}

// liveEnds are below apps and no worlds: where streams and files enter and leave a live engine.
var liveEnds = []string{"apps/stream/endpoint", "apps/file/disk"}

var libraries = []library{
	{path: "github.com/panjf2000/gnet/...", only: []string{"core/engine/...", "bench/..."}, why: "only the engine and the baselines touch the poller"},
	{path: "golang.org/x/sys/unix", not: append([]string{"bufpool/...", "ring/...", "core/sim/hunt"}, worlds...), why: "sockets belong to core/engine"},
	{path: "os/exec", only: []string{"internal/...", "bench/failures", "cli/clitest", "cmd/..."},
		why: "internal/subprocess starts child processes; tools for tests in internal run the go command, bench/failures ip and tc, cli/clitest this program, and cmd looks programs up"},
	{path: "net/...", except: []string{"net/netip"}, not: worlds, why: "the runtime does the network"},
	{path: "os/...", not: worlds, why: "the runtime hands readers and writers in"},
	{path: "syscall", not: worlds, why: "the runtime makes the system calls"},
	{path: "math/rand", not: worlds, why: "use the runtime's random source (math/rand/v2)"},
	{path: "crypto/rand", not: worlds, why: "use the runtime's random source"},
	{path: "hash/maphash", not: worlds, why: "its seed differs from run to run"},
}

func TestImportsFollowTheLayers(t *testing.T) {
	goFiles(t, ".") // makes the go command rerun the test when a file has changed
	for _, goos := range []string{"linux", "darwin"} {
		for _, p := range listPackages(t, goos) {
			for _, imported := range p.Imports {
				if why := forbidden(p.ImportPath, imported); why != "" {
					t.Errorf("GOOS=%s: %s imports %s: %s", goos, p.ImportPath, imported, why)
				}
			}
		}
	}
}

type listedPackage struct {
	ImportPath string
	Imports    []string // without those of test files
}

// listPackages asks the go command, with -e because a package that does not
// compile still has imports.
func listPackages(t *testing.T, goos string) []listedPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-buildvcs=false", "-json=ImportPath,Imports", "./...")
	cmd.Env = append(os.Environ(), "GOOS="+goos)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var ps []listedPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("reading what go list wrote: %v", err)
		}
		ps = append(ps, p)
	}
	if len(ps) == 0 {
		t.Fatal("go list found no package at all")
	}
	return ps
}

// forbidden says why pkg may not import imported, or "" if it may.
func forbidden(pkg, imported string) string {
	from, ours := inModule(pkg)
	if !ours {
		return ""
	}
	if to, ours := inModule(imported); ours {
		return crosses(from, to)
	}
	for _, l := range libraries {
		if !under(l.path, imported) || anyUnder(l.except, imported) {
			continue
		}
		if l.only != nil && !anyUnder(l.only, from) || anyUnder(l.not, from) && !slices.Contains(liveEnds, from) {
			return l.why
		}
	}
	return ""
}

// inModule is a package's path in the module, "." for the root package, and whether it is of the module.
func inModule(pkg string) (path string, ours bool) {
	if pkg == module {
		return ".", true
	}
	return strings.CutPrefix(pkg, module+"/")
}

// crosses says why one package of ours may not import another, or "".
func crosses(from, to string) string {
	f := layerOf(from)
	if to == "." && !under("examples/...", from) {
		return "the root package is what users import: nothing of ours but examples does"
	}
	if f == nil || f == layerOf(to) || anyUnder(f.may, to) {
		return ""
	}
	return fmt.Sprintf("%s may import only %v", f.path, append([]string{"itself"}, f.may...))
}

func layerOf(pkg string) *layer {
	var best *layer
	for i := range layers {
		if l := &layers[i]; under(l.path, pkg) && (best == nil || len(l.path) > len(best.path)) {
			best = l
		}
	}
	return best
}

// under reports whether path is pattern, or below it if it ends in "/...".
func under(pattern, path string) bool {
	root, tree := strings.CutSuffix(pattern, "/...")
	return path == root || tree && strings.HasPrefix(path, root+"/")
}

func anyUnder(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return under(p, path) })
}

// The rules themselves, on imports that exist and on some that must not.
func TestForbidden(t *testing.T) {
	const gnet = "github.com/panjf2000/gnet/v2/pkg/netpoll"
	for _, c := range []struct {
		from, to string // "~" for the module
		ok       bool
	}{
		{"~/bufpool", "sync/atomic", true},
		{"~/bufpool", "~/ring", false},
		{"~/bufpool", "~/bufpool/internal/x", true},
		{"~/coding", "github.com/klauspost/reedsolomon", true},
		{"~/coding", "~/bufpool", false},
		{"~/core/wire", "~/bufpool", true},
		{"~/core/wire", "~/core", false},
		{"~/core/emul", "~/core/wire", false},
		{"~/core", "~/core/wire", true},
		{"~/core", "~/core/emul", true},
		{"~/core", "~/core/engine", false},
		{"~/core", "~/core/sim", false},
		{"~/core", "~/algos", false},
		{"~/core", "~/metric", true},
		{"~/metric", "~/core", false},
		{"~/record", "~/metric", false},
		{"~/record/replay", "~/record", true},
		{"~/scenario/result", "~/metric", true},
		{"~/core", "net", false},
		{"~/core", "net/http", false},
		{"~/core", "net/netip", true},
		{"~/core", "os/signal", false},
		{"~/core", "math/rand/v2", true},
		{"~/core", "math/rand", false},
		{"~/core", gnet, false},
		{"~/core/engine", gnet, true},
		{"~/core/engine", "net", true},
		{"~/core/engine", "golang.org/x/sys/unix", true},
		{"~/core/engine", "~/core", true},
		{"~/core/engine", "~/core/sim", false},
		{"~/core/engine", "~/algos", false},
		{"~/core/sim", "~/core", true},
		{"~/core/sim", "~/core/engine", false},
		{"~/core/sim", "os", false},
		{"~/core/sim/hunt", "~/core/sim", true},
		{"~/core/sim", "~/scenario", false},
		{"~/scenario", "~/core/sim", true},
		{"~/scenario/world", "~/core/engine", true},
		{"~/scenario/world", "~/scenario/host", true},
		{"~/scenario", "~/bench", false},
		{"~/scenario/world", "~/cmd/ioverlay", false},
		{"~/scenario/world", "~/internal/subprocess", true},
		{"~/scenario/host", "~/internal/subprocess", false},
		{"~/core/engine", "~/internal/subprocess", false},
		{"~/internal/subprocess", "~/core", false},
		{"~/internal/subprocess", "os/exec", true},
		{"~/internal/mutate", "os/exec", true},
		{"~/internal/interleave/interleavetest", "os/exec", true},
		{"~/ring", "os/exec", false},
		{"~/scenario/world", "os/exec", false},
		{"~/bench/repro", "os/exec", false},
		{"~/bench", "~/internal/subprocess", true},
		{"~/scenario/spec", "~/core", false},
		{"~/scenario/host", "~/core/engine", false},
		{"~/scenario/host", "~/core/sim", false},
		{"~/scenario/host", "~/algos/gossip", true},
		{"~/algos/gossip", "~/scenario", false},
		{"~/examples/gossip", "~/scenario/world", true},
		{"~/examples/gossip", "~/cmd/ioverlay", false},
		{"~/algos/gossip", "~/examples/gossip", false},
		{"~/core/sim/trace", "io", true},
		{"~/cli/run", "~/scenario/world", true},
		{"~/cli/node", "~/perf", true},
		{"~/cli/node", "~/bench", false},
		{"~/cli", "~/cmd/ioverlay", false},
		{"~/cmd/ioverlay", "~/cli", true},
		{"~", "~/cli", true},
		{"~", "~/bench", false},
		{"~", "~/core/engine", false},
		{"~/examples/gossip", "~", true},
		{"~/examples/gossip", "~/cli", false},
		{"~/algos", "~", false},
		{"~/cli", "~", false},
		{"~/cmd/ioverlay", "~", false},
		{"~/scenario", "~/cli", false},
		{"~/bench", "~/internal/nodereport", true},
		{"~/internal/nodereport", "~/core", false},
		{"~/algos/tree", "~/algos", true},
		{"~/algos/tree", "~/coding", true},
		{"~/algos/tree", "~/core/engine", false},
		{"~/algos/tree", "~/apps", false},
		{"~/apps/file", "os", false},
		{"~/apps/stream", "net/http", false},
		{"~/apps/stream", "~/core/engine", false},
		{"~/apps/stream/endpoint", "net/http", true},
		{"~/apps/stream/endpoint", "~/core/engine", true},
		{"~/apps/stream/endpoint", "~/algos", false},
		{"~/apps/file", "io", true},
		{"~/apps/file", "~/core/engine", false},
		{"~/apps/file/disk", "os", true},
		{"~/apps/file/disk", "~/core/engine", true},
		{"~/apps/file/disk", "~/algos", false},
		{"~/bench", gnet, true},
		{"~/bench", "~/core/engine", true},
		{"~/observer", gnet, false},
		{"~/observer", "~/core/engine", false},
		{"~/observer", "net/http", false},
		{"~/observer", "~/observer/api", false},
		{"~/observer/live", "~/core/engine", true},
		{"~/observer/api", "~/observer/live", false},
		{"~/observer/report", "~/apps", true},
		{"~/scenario/host", "~/observer/report", false},
		{"~/scenario/world", "~/observer/report", true},
		{"~/scenario/world", "~/observer/live", false},
		{"~/cmd/ioverlay", "os", true},
		{"~/corelike", "os", true}, // a name that only starts alike
		{"example.org/other", gnet, true},
	} {
		from, to := strings.Replace(c.from, "~", module, 1), strings.Replace(c.to, "~", module, 1)
		if why := forbidden(from, to); (why == "") != c.ok {
			t.Errorf("%s imports %s: %s", c.from, c.to, cmp.Or(why, "allowed, but should not be"))
		}
	}
}
