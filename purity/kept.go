package purity

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// later are the methods, and functions of algos, that call what they are handed after Process has returned.
var later = []string{"AfterFunc", "Every", "Pull", "Call", "Ask", "Answer", "On", "Do"}

// findKeepers finds the functions that retain a message or speak of Hold, and those that are called in one that
// does: there, keeping may be right, and a heuristic on one function cannot say.
func (c *checker) findKeepers() {
	c.keeps = make(map[*types.Func]bool)
	for fn, decl := range c.decls {
		if c.retains(decl) {
			c.keeps[fn] = true
		}
	}
	for grew := true; grew; {
		grew = false
		for fn := range c.keeps {
			ast.Inspect(c.decls[fn].Body, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if callee := c.callee(call); callee != nil && c.decls[callee.Origin()] != nil && !c.keeps[callee.Origin()] && c.takesMsg(call) {
						c.keeps[callee.Origin()], grew = true, true
					}
				}
				return true
			})
		}
	}
}

func (c *checker) takesMsg(call *ast.CallExpr) bool {
	return slices.ContainsFunc(call.Args, func(e ast.Expr) bool { t := c.pass.TypesInfo.TypeOf(e); return t != nil && isMsg(t) })
}

func (c *checker) retains(decl *ast.FuncDecl) (found bool) {
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			obj := c.pass.TypesInfo.Uses[id]
			if obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == module+"/core" && (obj.Name() == "Retain" || obj.Name() == "Hold") {
				found = true
			}
		}
		return !found
	})
	return found
}

// kept reports messages, and views of them, that the function puts where they outlive it.
func (m *msgs) kept() {
	ast.Inspect(m.b.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if len(n.Lhs) == len(n.Rhs) && m.outlives(l) {
					m.stored(n, n.Rhs[i])
					m.closure(n.Rhs[i])
				}
			}
		case *ast.CallExpr:
			for _, e := range m.stores(n) {
				m.stored(n, e)
			}
			if fn := m.c.callee(n); fn != nil && slices.Contains(later, fn.Name()) {
				for _, arg := range n.Args {
					m.closure(arg)
				}
			}
		}
		return true
	})
}

// outlives reports whether what is assigned to l is there when the function has returned: an element, a field behind a pointer
// or of the receiver, a variable of the package.
func (m *msgs) outlives(l ast.Expr) bool {
	switch l := ast.Unparen(l).(type) {
	case *ast.Ident:
		v := m.c.variable(l)
		return v != nil && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
	case *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
		root := m.c.variable(rootOf(l))
		if root == nil {
			return true
		}
		// A struct or slice that the function has made itself goes with it, or is seen when it is put elsewhere.
		local := root.Parent() != root.Pkg().Scope() && m.b.decl.Body.Pos() <= root.Pos() && root.Pos() < m.b.decl.Body.End()
		_, pointer := root.Type().Underlying().(*types.Pointer)
		return !local || pointer
	}
	return false
}

// parts calls fn with what is in an expression as it is, not copied.
func (m *msgs) parts(e ast.Expr, fn func(ast.Expr)) {
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		for _, el := range e.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				el = kv.Value
			}
			m.parts(el, fn)
		}
		return
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			m.parts(e.X, fn)
		}
		return
	case *ast.CallExpr:
		if m.c.builtin(e) == "append" && m.viewed(e.Args[0]) == nil {
			if e.Ellipsis.IsValid() {
				return // copies
			}
			for _, arg := range e.Args[1:] {
				m.parts(arg, fn)
			}
			return
		}
	}
	fn(e)
}

// stored reports the messages and views that are in an expression as they are.
func (m *msgs) stored(at ast.Node, e ast.Expr) {
	m.parts(e, func(e ast.Expr) { m.storedPart(at, e) })
}

func (m *msgs) storedPart(at ast.Node, e ast.Expr) {
	if of := m.viewed(e); of != nil && m.young[of] {
		what := "it"
		if t := m.c.pass.TypesInfo.TypeOf(e); t != nil && !isMsg(t) {
			what = "its payload"
		}
		m.c.report(at, "kept message", "%s: after Process its memory belongs to the next, and %s is kept; Retain it and Release it later, answer Hold, or copy what is needed", of.Name(), what)
	}
}

// closure reports a function literal that is called later and uses a message of this call.
func (m *msgs) closure(e ast.Expr) {
	lit, ok := ast.Unparen(e).(*ast.FuncLit)
	if !ok {
		return
	}
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		v := m.c.variable(id)
		outside := v != nil && !v.IsField() && (v.Pos() < lit.Pos() || v.Pos() >= lit.End())
		if outside && m.young[m.viewed(id)] {
			m.c.report(id, "kept message", "%s is used in a function that runs after Process, when its memory belongs to the next: Retain it and Release it there, or copy what is needed", v.Name())
			return false
		}
		return true
	})
}
