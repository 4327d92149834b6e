package ioverlay_test

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ARCHITECTURE.md, held to the code: every room that it lists is there, every
// package is in a room, and the arrows are the imports, no more and no fewer.

// fenced is the first block of code below a heading of a document.
func fenced(t *testing.T, file, heading string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, below, _ := strings.Cut(string(text), "\n## "+heading+"\n")
	_, block, _ := strings.Cut(below, "\n```\n")
	block, _, found := strings.Cut(block, "\n```\n")
	if !found {
		t.Fatalf("%s has no block of code below %q", file, heading)
	}
	return strings.Split(block, "\n")
}

// readRooms reads the tree of folders: two spaces a level, a name that ends in a
// slash, and what is in it.
func readRooms(lines []string) []string {
	var rooms, open []string
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		name, _, _ := strings.Cut(text, " ")
		if depth := (len(line) - len(text)) / 2; strings.HasSuffix(name, "/") && depth <= len(open) {
			open = append(open[:depth], name)
			rooms = append(rooms, path.Clean(path.Join(open...)))
		}
	}
	return rooms
}

func TestArchitectureListsTheRooms(t *testing.T) {
	rooms := readRooms(fenced(t, "ARCHITECTURE.md", "Rooms"))
	for _, room := range rooms {
		if info, err := os.Stat(filepath.FromSlash(room)); err != nil || !info.IsDir() {
			t.Errorf("ARCHITECTURE.md lists %s/, which is no folder", room)
		}
	}
	for _, p := range listPackages(t, "linux") {
		if dir, ours := inModule(p.ImportPath); ours && dir != "." && !slices.Contains(rooms, dir) {
			t.Errorf("ARCHITECTURE.md does not list %s/", dir)
		}
	}
}

// readArrows reads lines such as "core/sim ─▶ bufpool, core; the poller": what a
// room imports of ours stands before the semicolon.
func readArrows(lines []string) map[string][]string {
	list := func(s string) (names []string) {
		for _, name := range strings.Split(s, ",") {
			if name = strings.TrimSpace(name); !strings.Contains(name, " ") { // else "nothing of ours"
				names = append(names, name)
			}
		}
		return names
	}
	arrows := make(map[string][]string)
	for _, line := range lines {
		from, to, _ := strings.Cut(line, "─▶")
		to, _, _ = strings.Cut(to, ";")
		for _, room := range list(from) {
			arrows[room] = list(to)
		}
	}
	return arrows
}

func TestArchitectureDrawsTheArrows(t *testing.T) {
	arrows := readArrows(fenced(t, "ARCHITECTURE.md", "Arrows"))
	roomOf := func(pkg string) (best string) {
		if pkg == "." {
			return "ioverlay" // the root package, as its users name it
		}
		for room := range arrows {
			if under(room+"/...", pkg) && len(room) > len(best) {
				best = room
			}
		}
		return best
	}
	used := make(map[string]map[string]bool)
	for _, p := range listPackages(t, "linux") {
		pkg, ours := inModule(p.ImportPath)
		if !ours {
			continue
		}
		from := roomOf(pkg)
		if from == "" {
			t.Errorf("no arrow begins at %s", pkg)
			continue
		}
		if used[from] == nil {
			used[from] = make(map[string]bool)
		}
		for _, imported := range p.Imports {
			if to, ours := inModule(imported); ours && roomOf(to) != from {
				used[from][roomOf(to)] = true
			}
		}
	}
	for _, room := range slices.Sorted(maps.Keys(arrows)) {
		drawn, actual := slices.Sorted(slices.Values(arrows[room])), slices.Sorted(maps.Keys(used[room]))
		if !slices.Equal(drawn, actual) {
			t.Errorf("ARCHITECTURE.md: %s imports %v, not %v", room, actual, drawn)
		}
	}
}

// named finds the documents that a comment or a document names: a path to a file of
// text, or a title in capitals before its section. linked finds where links lead.
var (
	named  = regexp.MustCompile(`([\w./-]*\w\.md)\b|\b([A-Z]{5,}),? section`)
	linked = regexp.MustCompile(`\]\(([^)#:\s]+)[)#]`)
)

// citations lists what a file cites that is not in the repository, beside it, or
// among the documents.
func citations(file string, text []byte) (missing []string) {
	check := func(what string) {
		for _, dir := range []string{".", filepath.Dir(file), "docs"} {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(what))); err == nil {
				return
			}
		}
		missing = append(missing, what)
	}
	for _, m := range named.FindAllSubmatch(text, -1) {
		if m[2] != nil {
			check(string(m[2]) + ".md")
		} else {
			check(string(m[1]))
		}
	}
	if path.Ext(file) == ".md" {
		for _, m := range linked.FindAllSubmatch(text, -1) {
			if !strings.HasSuffix(string(m[1]), ".md") { // else named
				check(string(m[1]))
			}
		}
	}
	return missing
}

// TestWhatIsCitedIsThere: comments and documents stand alone, or cite what a reader
// of the repository has.
func TestWhatIsCitedIsThere(t *testing.T) {
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (ignoredDir(d.Name()) || name == "out" || name == "bin" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" && path.Ext(name) != ".md" || name == "arch_docs_test.go":
			return nil // this file has examples of what is not there
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, what := range citations(name, text) {
			t.Errorf("%s cites %s, which is not there", name, what)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCitations(t *testing.T) {
	for text, want := range map[string]string{
		"docs/wire.md, section 4":         "",
		"see wire.md":                     "", // beside it
		"[a link](wire.md#4-frame)":       "",
		"[a page](https://example.org/x)": "",
		"[a picture](chain.svg)":          "",
		"RFC 8949, section 4.2.1":         "",
		"the paper, section 2.2":          "",
		"ARCHITECTURE, section 3":         "",
		"(PLANS, section 4)":              "PLANS.md",
		"docs/plans.md":                   "docs/plans.md",
		"[a link](nowhere/picture.svg)":   "nowhere/picture.svg",
	} {
		if got := strings.Join(citations("docs/x.md", []byte(text)), " "); got != want {
			t.Errorf("%q cites %q, want %q", text, got, want)
		}
	}
}
