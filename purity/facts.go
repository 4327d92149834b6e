package purity

import (
	"fmt"
	"go/ast"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// What a function of another package of the same module does is known by facts, which the analyzer leaves where it has looked at
// that package. A package in which no algorithm is has no findings of its own: they are reported where an algorithm uses it.

// Does is the fact about a function, a method or a variable of a package.
type Does struct {
	Found   []Finding // one of each kind, its own or of what it calls
	Ordered bool      // may not be called in the order of a map
	Params            // of a function
}

// Params says what a function does with its arguments, by index.
type Params struct {
	Writes, Sends, Stores []int
}

// Finding is what was found in a function that no algorithm of its package calls.
type Finding struct{ Kind, What, At string }

// AFact implements analysis.Fact.
func (*Does) AFact() {}

// String implements fmt.Stringer, for tests.
func (d *Does) String() string {
	var s []string
	for _, f := range d.Found {
		s = append(s, f.Kind)
	}
	return fmt.Sprintf("does %s ordered=%v %v", strings.Join(s, ","), d.Ordered, d.Params)
}

// ofAuthor reports whether a package is one of whoever runs the analyzer: of the module that is looked at, or of none, and not of the
// standard library, of what the module requires, or of iOverlay, whose runtime may do all of this.
func ofAuthor(pass *analysis.Pass) bool {
	path := pass.Pkg.Path()
	if path == module || strings.HasPrefix(path, module+"/") {
		return false
	}
	if m := pass.Module; m != nil && m.Path != "" {
		return m.Version == ""
	}
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

// factOf is what is known of an object of another package, or nil.
func (c *checker) factOf(obj types.Object) *Does {
	switch o := obj.(type) {
	case *types.Func:
		obj = o.Origin()
	case *types.Var:
		obj = o.Origin()
	}
	if obj == nil || obj.Pkg() == nil || obj.Pkg() == c.pass.Pkg {
		return nil
	}
	var d Does
	if !c.pass.ImportObjectFact(obj, &d) {
		return nil
	}
	return &d
}

// elsewhere reports what functions and variables of other packages do that a body names.
func (c *checker) elsewhere(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		if d := c.factOf(c.pass.TypesInfo.Uses[id]); d != nil {
			for _, f := range d.Found {
				c.report(id, f.Kind, "%s, in %s: %s", id.Name, f.At, f.What)
			}
		}
		return true
	})
}

// export leaves facts about all functions and variables of a package. What an algorithm of the package reaches is reported there.
func (c *checker) export() {
	found := make(map[types.Object][]Finding)
	uses := make(map[types.Object][]types.Object)
	look := func(obj types.Object, n ast.Node, b body) {
		c.collect = new([]Finding)
		c.look(n, b)
		found[obj], c.collect = *c.collect, nil
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				switch used := c.pass.TypesInfo.Uses[id].(type) {
				case *types.Func:
					uses[obj] = append(uses[obj], used.Origin())
				case *types.Var:
					uses[obj] = append(uses[obj], used)
				}
			}
			return true
		})
	}
	for fn, decl := range c.decls {
		if !c.reached[fn] {
			look(fn, decl.Body, body{decl, fn})
		}
	}
	for v, e := range c.inits {
		look(v, e, body{})
	}
	for grew := true; grew; { // one of each kind is enough, so this ends
		grew = false
		for obj, list := range uses {
			for _, used := range list {
				for _, f := range found[used] {
					if !slices.ContainsFunc(found[obj], func(g Finding) bool { return g.Kind == f.Kind }) {
						found[obj], grew = append(found[obj], f), true
					}
				}
			}
		}
	}
	for fn := range c.decls {
		c.leave(fn, found[fn], c.risky[fn], c.params[fn])
	}
	for v := range c.inits {
		c.leave(v, found[v], false, Params{})
	}
}

func (c *checker) leave(obj types.Object, found []Finding, ordered bool, p Params) {
	d := Does{Ordered: ordered, Params: p}
	for _, f := range found {
		if !slices.ContainsFunc(d.Found, func(g Finding) bool { return g.Kind == f.Kind }) {
			d.Found = append(d.Found, f)
		}
	}
	slices.SortFunc(d.Found, func(a, b Finding) int { return strings.Compare(a.Kind, b.Kind) })
	if len(d.Found)+len(p.Writes)+len(p.Sends)+len(p.Stores) > 0 || ordered {
		c.pass.ExportObjectFact(obj, &d)
	}
}

// place is a file and line, for findings in other packages.
func (c *checker) place(n ast.Node) string {
	at := c.pass.Fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", filepath.Join(filepath.Base(filepath.Dir(at.Filename)), filepath.Base(at.Filename)), at.Line)
}
