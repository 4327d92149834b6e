package purity

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// mapOrder reports ranges over maps whose order can be seen. Go draws the order anew for each range.
//
// A body may, without being reported: work on its own variables; write to what the range's value points to; delete; set
// an element of another map at the range's key, or set any element to a constant; count and sum integers, and join bits;
// keep a maximum or minimum (x = max(x, v), or if v > x { x = v }); set a variable to a constant; append to a slice
// that the function sorts afterwards; end early if all it has done or returns is constant. It is reported
// if it sends, sets a timer, draws, appends, breaks off after counting, sums floats (rounding depends on the order), calls a
// function value, or calls a function of the package that does such a thing.
func (c *checker) mapOrder(b body) {
	ast.Inspect(b.decl.Body, func(n ast.Node) bool {
		r, ok := n.(*ast.RangeStmt)
		if !ok || !c.overMap(r.X) {
			return true
		}
		o := order{c: c, b: b, loop: r, own: make(map[*types.Var]bool)}
		for _, e := range []ast.Expr{r.Key, r.Value} {
			if e != nil {
				if v := c.variable(e); v != nil {
					o.own[v] = true
				}
			}
		}
		o.block(r.Body.List)
		if o.at == nil && o.exit != nil && o.counts {
			o.at, o.why = o.exit, "it breaks off, so that what it has done until then depends on who came first"
		}
		if o.at != nil {
			c.report(r, "map order", "this range depends on it (line %d: %s), and it is another in each run: range over slices.Sorted(maps.Keys(m)), or keep a slice",
				c.pass.Fset.Position(o.at.Pos()).Line, o.why)
		}
		return true
	})
}

// overMap reports whether an expression is a map, or an iterator over one.
func (c *checker) overMap(e ast.Expr) bool {
	if t := c.pass.TypesInfo.TypeOf(e); t != nil {
		if _, ok := t.Underlying().(*types.Map); ok {
			return true
		}
	}
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	return ok && pathOf(c.callee(call)) == "maps" && slices.Contains([]string{"Keys", "Values", "All"}, c.callee(call).Name())
}

// order looks at the body of one range.
type order struct {
	c      *checker
	b      body
	loop   *ast.RangeStmt
	own    map[*types.Var]bool // the range's variables, and those made in its body
	at     ast.Node            // where the order can be seen; nil: nowhere
	why    string
	exit   ast.Node // ends the range early
	counts bool     // does more than set constants
}

func (o *order) found(at ast.Node, why string) {
	if o.at == nil {
		o.at, o.why = at, why
	}
}

func (o *order) block(list []ast.Stmt) {
	for _, s := range list {
		o.stmt(s)
	}
}

func (o *order) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.BlockStmt:
		o.block(s.List)
	case *ast.LabeledStmt:
		o.stmt(s.Stmt)
	case *ast.ExprStmt:
		o.calls(s.X)
	case *ast.AssignStmt:
		o.assign(s)
	case *ast.IncDecStmt:
		o.calls(s.X)
		o.counts = true
		if o.float(s.X) {
			o.found(s, "floats are rounded in its order")
		}
	case *ast.DeclStmt:
		ast.Inspect(s, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if v, ok := o.c.pass.TypesInfo.Defs[id].(*types.Var); ok {
					o.own[v] = true
				}
			}
			return true
		})
		o.calls(s)
	case *ast.IfStmt:
		o.branch(s)
	case *ast.ForStmt:
		for _, inner := range []ast.Stmt{s.Init, s.Post} {
			if inner != nil {
				o.stmt(inner)
			}
		}
		o.calls(s.Cond)
		o.block(s.Body.List)
	case *ast.RangeStmt:
		for _, e := range []ast.Expr{s.Key, s.Value} {
			if v := o.varOf(e); v != nil && s.Tok == token.DEFINE {
				o.own[v] = true
			}
		}
		o.calls(s.X)
		o.block(s.Body.List)
	case *ast.SwitchStmt:
		if s.Init != nil {
			o.stmt(s.Init)
		}
		o.calls(s.Tag)
		for _, cc := range s.Body.List {
			for _, e := range cc.(*ast.CaseClause).List {
				o.calls(e)
			}
			o.block(cc.(*ast.CaseClause).Body)
		}
	case *ast.TypeSwitchStmt:
		for _, cc := range s.Body.List {
			if v, ok := o.c.pass.TypesInfo.Implicits[cc].(*types.Var); ok {
				o.own[v] = true
			}
			o.block(cc.(*ast.CaseClause).Body)
		}
	case *ast.ReturnStmt:
		o.exit = s
		for _, e := range s.Results {
			o.calls(e)
			if !o.constant(e) && o.mentionsOwn(e) {
				o.found(s, "it returns the first that comes")
			}
		}
	case *ast.BranchStmt:
		if s.Tok == token.BREAK || s.Tok == token.GOTO {
			o.exit = s // also of a loop or switch inside, which is no more than too careful
		}
	case *ast.DeferStmt:
		o.found(s, "deferred calls run in the reverse of it")
	}
}

// branch is an if; one that keeps the larger or smaller of two values is no matter of order.
func (o *order) branch(s *ast.IfStmt) {
	if s.Init != nil {
		o.stmt(s.Init)
	}
	o.calls(s.Cond)
	if !o.extreme(s) {
		o.block(s.Body.List)
	} else {
		o.counts = true
	}
	if s.Else != nil {
		o.stmt(s.Else)
	}
}

// extreme reports whether a statement is if v > x { x = v }, of any comparison.
func (o *order) extreme(s *ast.IfStmt) bool {
	cond, ok := s.Cond.(*ast.BinaryExpr)
	if !ok || len(s.Body.List) != 1 || !slices.Contains([]token.Token{token.LSS, token.GTR, token.LEQ, token.GEQ}, cond.Op) {
		return false
	}
	a, ok := s.Body.List[0].(*ast.AssignStmt)
	if !ok || a.Tok != token.ASSIGN || len(a.Lhs) != 1 || len(a.Rhs) != 1 {
		return false
	}
	x, y, l, r := types.ExprString(cond.X), types.ExprString(cond.Y), types.ExprString(a.Lhs[0]), types.ExprString(a.Rhs[0])
	return x == l && y == r || x == r && y == l
}

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
		case name == "append" && o.sortedLater(l):
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

// sortedLater reports whether a slice is handed to sort or slices.Sort... in the function, behind the range.
func (o *order) sortedLater(l ast.Expr) (sorted bool) {
	want := types.ExprString(l)
	ast.Inspect(o.b.decl.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || call.Pos() < o.loop.End() || len(call.Args) == 0 {
			return !sorted
		}
		fn := o.c.callee(call)
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

// calls looks for calls in an expression whose order can be seen.
func (o *order) calls(n ast.Node) {
	if n == nil {
		return
	}
	if e, ok := n.(ast.Expr); ok && e == nil {
		return
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if why := o.c.ordered(n); why != "" {
				o.found(n, why)
			}
			switch o.c.builtin(n) {
			case "delete", "clear", "copy":
				o.counts = true
			}
		}
		return true
	})
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
