package purity

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// mapOrder reports ranges over maps whose order can be seen. Go draws the order anew for each range.
//
// A body may, without being reported: work on its own variables; write to what the range's value points to; delete; set
// an element of another map at the range's key, or set any element to a constant; count and sum integers, and join bits;
// keep a maximum or minimum (x = max(x, v), or if v > x { x = v }); set a variable to a constant; append to a slice
// that the function sorts afterwards; end early if all it has done or returns is constant. It is reported
// if it sends, sets a timer, draws, appends, breaks off after counting, sums floats (rounding depends on the order), calls a
// function value, or calls a function of the package that does such a thing.
func (c *checker) mapOrder(body ast.Node) {
	c.collected(body)
	ast.Inspect(body, func(n ast.Node) bool {
		r, ok := n.(*ast.RangeStmt)
		if !ok || !c.overMap(r.X) {
			return true
		}
		o := order{c: c, body: body, loop: r, own: make(map[*types.Var]bool)}
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
	return ok && c.iterates(call)
}

// iterates reports whether a call makes an iterator over a map.
func (c *checker) iterates(call *ast.CallExpr) bool {
	return pathOf(c.callee(call)) == "maps" && slices.Contains([]string{"Keys", "Values", "All"}, c.callee(call).Name())
}

// order looks at the body of one range.
type order struct {
	c      *checker
	body   ast.Node
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
	if !o.extreme(s) && !o.tieBroken(s) {
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
			} else if o.outputs(n) {
				o.found(n, o.c.callee(n).Name()+" writes in its order")
			}
			switch o.c.builtin(n) {
			case "delete", "clear", "copy":
				o.counts = true
			}
		}
		return true
	})
}
