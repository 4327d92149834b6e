package purity

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// What the body of a range over a map may write, and what of it shows the order.

func (o *order) assign(s *ast.AssignStmt) {
	for _, e := range s.Rhs {
		o.calls(e)
	}
	for i, l := range s.Lhs {
		var r ast.Expr
		if len(s.Rhs) == len(s.Lhs) {
			r = s.Rhs[i]
		}
		o.set(s, l, r)
	}
}

// set is one assignment; r is nil if it is one of several results of a call.
func (o *order) set(s *ast.AssignStmt, l, r ast.Expr) {
	v := o.varOf(l)
	if s.Tok == token.DEFINE && v != nil {
		o.own[v] = true
		return
	}
	if id, ok := l.(*ast.Ident); ok && id.Name == "_" {
		return
	}
	if root := o.varOf(rootOf(l)); root != nil && o.own[root] {
		return // of the range itself: each element is met once
	}
	if s.Tok == token.ASSIGN && r != nil && o.constant(r) {
		return
	}
	o.counts = true
	if ix, ok := ast.Unparen(l).(*ast.IndexExpr); ok && o.overMapIndex(ix) {
		o.calls(ix.Index)
		if k := o.varOf(ix.Index); k != nil && k == o.varOf(o.loop.Key) {
			return
		}
		if s.Tok == token.ASSIGN {
			o.found(s, "the last one to be put into "+types.ExprString(ix.X)+" stays")
			return
		}
	}
	switch s.Tok {
	case token.ADD_ASSIGN, token.SUB_ASSIGN, token.MUL_ASSIGN:
		if o.float(l) {
			o.found(s, "floats are rounded in its order")
		} else if o.text(l) {
			o.found(s, "text is joined in its order")
		}
		return
	case token.OR_ASSIGN, token.AND_ASSIGN, token.XOR_ASSIGN, token.AND_NOT_ASSIGN:
		return
	}
	if call, ok := r.(*ast.CallExpr); ok {
		switch name := o.c.builtin(call); {
		case (name == "max" || name == "min") && slices.ContainsFunc(call.Args, func(e ast.Expr) bool { return types.ExprString(e) == types.ExprString(l) }):
			return
		case name == "append" && o.c.sortedLater(o.body, o.loop, l):
			return
		case name == "append":
			o.found(s, types.ExprString(l)+" is filled in its order, and not sorted afterwards")
			return
		}
	}
	if b, ok := r.(*ast.BinaryExpr); ok && (b.Op == token.LOR || b.Op == token.LAND) && types.ExprString(b.X) == types.ExprString(l) {
		return
	}
	o.found(s, "what "+types.ExprString(l)+" becomes depends on who comes last")
}

func (o *order) overMapIndex(ix *ast.IndexExpr) bool {
	_, ok := o.c.pass.TypesInfo.TypeOf(ix.X).Underlying().(*types.Map)
	return ok
}

// sortedLater reports whether a slice is handed to sort or slices.Sort... in the function, behind where it is filled.
func (c *checker) sortedLater(body, behind ast.Node, l ast.Expr) (sorted bool) {
	want := types.ExprString(l)
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || call.Pos() < behind.End() || len(call.Args) == 0 {
			return !sorted
		}
		fn := c.callee(call)
		if path := pathOf(fn); path != "sort" && (path != "slices" || !strings.HasPrefix(fn.Name(), "Sort")) {
			return !sorted
		}
		arg := call.Args[0]
		if inner, ok := arg.(*ast.CallExpr); ok && len(inner.Args) == 1 { // as in: sort by a conversion of the list
			arg = inner.Args[0]
		}
		sorted = sorted || types.ExprString(arg) == want
		return !sorted
	})
	return sorted
}

func (o *order) varOf(e ast.Expr) *types.Var {
	if e == nil {
		return nil
	}
	return o.c.variable(e)
}

// constant reports whether an expression has the same value in every round.
func (o *order) constant(e ast.Expr) bool {
	if lit, ok := ast.Unparen(e).(*ast.CompositeLit); ok {
		return len(lit.Elts) == 0
	}
	tv := o.c.pass.TypesInfo.Types[e]
	return tv.Value != nil || tv.IsNil()
}

func (o *order) mentionsOwn(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			v, _ := o.c.pass.TypesInfo.ObjectOf(id).(*types.Var)
			found = found || v != nil && o.own[v]
		}
		return !found
	})
	return found
}

func (o *order) float(e ast.Expr) bool { return o.is(e, types.IsFloat|types.IsComplex) }
func (o *order) text(e ast.Expr) bool  { return o.is(e, types.IsString) }

func (o *order) is(e ast.Expr, info types.BasicInfo) bool {
	t := o.c.pass.TypesInfo.TypeOf(e)
	if t == nil {
		return false
	}
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&info != 0
}

// rootOf is the variable that an expression is a part of.
func rootOf(e ast.Expr) ast.Expr {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return x
		}
	}
}
