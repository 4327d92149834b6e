package purity

import (
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
}

// body is a function that the loop of a node runs.
type body struct {
	decl *ast.FuncDecl
	fn   *types.Func
}

func run(pass *analysis.Pass) (any, error) {
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
	c.reach()
	if len(c.bodies) == 0 {
		return nil, nil
	}
	c.findRisky()
	c.findKeepers()
	for _, b := range c.bodies {
		c.forbidden(b)
		c.mapOrder(b)
		c.endless(b)
		c.messages(b)
	}
	return nil, nil
}

// report reports a finding, unless a comment silences it. The kind is a word of the package's
// documentation.
func (c *checker) report(at ast.Node, kind, format string, args ...any) {
	if c.silent.at(c.pass.Fset.Position(at.Pos())) {
		return
	}
	c.pass.ReportRangef(at, kind+": "+format, args...)
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
		fn, _ := c.pass.TypesInfo.Uses[e].(*types.Func)
		return fn
	case *ast.SelectorExpr:
		fn, _ := c.pass.TypesInfo.Uses[e.Sel].(*types.Func)
		return fn
	case *ast.IndexExpr: // of a generic function
		return c.named(e.X)
	case *ast.IndexListExpr:
		return c.named(e.X)
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
