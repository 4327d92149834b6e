package purity

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// Analyzer reports what makes algorithms impure; see the package's documentation.
var Analyzer = &analysis.Analyzer{
	Name: "ioverlaypurity",
	Doc:  "finds what makes an iOverlay algorithm depend on more than its messages, its node's time and its node's dice",
	URL:  "https://pkg.go.dev/github.com/ioverlay/ioverlay/purity",
	Run:  run,

	FactTypes: []analysis.Fact{(*Does)(nil)},
}

const module = "github.com/ioverlay/ioverlay"

// checker looks at one package.
type checker struct {
	pass   *analysis.Pass
	silent silence
	decls  map[*types.Func]*ast.FuncDecl
	bodies []body // reachable from an algorithm, in the order of the source
	risky  map[*types.Func]bool
	keeps  map[*types.Func]bool // those that retain, hold, or are called where that is done

	reached  map[*types.Func]bool       // those of bodies
	inits    map[*types.Var]ast.Expr    // what variables of the package begin with
	aliases  map[*types.Var]*types.Func // variables that are a function and are never set again
	handlers map[types.Object]bool      // functions, and parameters of function literals, that are handed messages by Base
	params   map[*types.Func]Params     // what functions do with their arguments
	collect  *[]Finding                 // nil: findings are reported
}

// body is a function that the loop of a node runs.
type body struct {
	decl *ast.FuncDecl
	fn   *types.Func
}

func run(pass *analysis.Pass) (any, error) {
	exports := ofAuthor(pass)
	if !exports && !importsUs(pass.Pkg) {
		return nil, nil
	}
	c := &checker{pass: pass, silent: silences(pass), decls: make(map[*types.Func]*ast.FuncDecl)}
	for _, file := range pass.Files {
		if strings.HasSuffix(pass.Fset.File(file.FileStart).Name(), "_test.go") {
			continue
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				if fn, ok := pass.TypesInfo.Defs[f.Name].(*types.Func); ok {
					c.decls[fn] = f
				}
			}
		}
	}
	c.findValues()
	c.reach()
	if len(c.bodies) == 0 && !exports {
		return nil, nil
	}
	c.findRisky()
	c.findKeepers()
	c.findParams()
	for _, b := range c.bodies {
		c.look(b.decl.Body, b)
		c.messages(b)
	}
	for _, v := range c.begun() {
		c.look(c.inits[v], body{})
	}
	if exports {
		c.export()
	}
	return nil, nil
}

// look looks at a body, or at what a variable begins with, for all but what is done with messages.
func (c *checker) look(n ast.Node, b body) {
	c.forbidden(n)
	c.elsewhere(n)
	c.mapOrder(n)
	c.endless(n)
	if b.decl != nil {
		c.recursion(b)
	}
}

// importsUs reports whether a package is of iOverlay or imports it: no other has algorithms.
func importsUs(p *types.Package) bool {
	ours := func(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }
	if ours(p.Path()) {
		return true
	}
	for _, i := range p.Imports() {
		if ours(i.Path()) {
			return true
		}
	}
	return false
}

// report reports a finding, unless a comment silences it. The kind is a word of the package's
// documentation.
func (c *checker) report(at ast.Node, kind, format string, args ...any) {
	switch {
	case c.silent.at(c.pass.Fset.Position(at.Pos())):
	case c.collect != nil:
		*c.collect = append(*c.collect, Finding{kind, fmt.Sprintf(format, args...), c.place(at)})
	default:
		c.pass.ReportRangef(at, kind+": "+format, args...)
	}
}

// isNamed reports whether t, or what it points to, is the named type of a package of ours.
func isNamed(t types.Type, pkg, name string) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Name() == name && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == module+"/"+pkg
}

func isMsg(t types.Type) bool {
	_, pointer := types.Unalias(t).(*types.Pointer)
	return pointer && isNamed(t, "core", "Msg")
}

// callee is the function or method that a call names, nil for a function value, a builtin, or a conversion.
func (c *checker) callee(call *ast.CallExpr) *types.Func { return c.named(call.Fun) }

// named is the function that an expression names.
func (c *checker) named(e ast.Expr) *types.Func {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return c.functionOf(e)
	case *ast.SelectorExpr:
		return c.functionOf(e.Sel)
	case *ast.IndexExpr: // of a generic function
		return c.named(e.X)
	case *ast.IndexListExpr:
		return c.named(e.X)
	}
	return nil
}

// functionOf is the function that an identifier is, by itself or as a variable that is always the same one.
func (c *checker) functionOf(id *ast.Ident) *types.Func {
	switch obj := c.pass.TypesInfo.Uses[id].(type) {
	case *types.Func:
		return obj
	case *types.Var:
		return c.aliases[obj]
	}
	return nil
}

// builtin is the name of the builtin function that a call calls, or "".
func (c *checker) builtin(call *ast.CallExpr) string {
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
		if b, ok := c.pass.TypesInfo.Uses[id].(*types.Builtin); ok {
			return b.Name()
		}
	}
	return ""
}

// variable is the variable that an expression is, or nil.
func (c *checker) variable(e ast.Expr) *types.Var {
	if id, ok := ast.Unparen(e).(*ast.Ident); ok {
		v, _ := c.pass.TypesInfo.ObjectOf(id).(*types.Var)
		return v
	}
	return nil
}

func pathOf(fn *types.Func) string {
	if fn == nil || fn.Pkg() == nil {
		return ""
	}
	return fn.Pkg().Path()
}

// receiver is the type that a method belongs to, nil for a function.
func receiver(fn *types.Func) types.Type {
	if fn == nil {
		return nil
	}
	if recv := fn.Signature().Recv(); recv != nil {
		return recv.Type()
	}
	return nil
}
