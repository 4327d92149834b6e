package purity

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// collected reports iterators over maps that are gathered in their order and not sorted, or called by hand.
func (c *checker) collected(body ast.Node) {
	var stack []ast.Node
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		stack = append(stack, n)
		call, ok := n.(*ast.CallExpr)
		if !ok || len(stack) < 2 || !c.iterates(call) {
			return true
		}
		outer, ok := stack[len(stack)-2].(*ast.CallExpr)
		switch {
		case !ok:
		case outer.Fun == ast.Expr(call):
			c.report(outer, "map order", "it is called with one after the other in the map's order, which is another in each run: range over slices.Sorted(maps.Keys(m))")
		case pathOf(c.callee(outer)) == "slices" && slices.Contains([]string{"Collect", "AppendSeq"}, c.callee(outer).Name()) && !c.thenSorted(body, outer, stack):
			c.report(outer, "map order", "what is gathered has the map's order, which is another in each run, and is not sorted afterwards: slices.Sorted(maps.Keys(m))")
		}
		return true
	})
}

// thenSorted reports whether what a call returns is put into a variable that is sorted later, or only counted.
func (c *checker) thenSorted(body ast.Node, call *ast.CallExpr, stack []ast.Node) bool {
	i := slices.Index(stack, ast.Node(call))
	if i == 0 {
		return false
	}
	switch up := stack[i-1].(type) {
	case *ast.AssignStmt:
		for k, r := range up.Rhs {
			if r == ast.Expr(call) && len(up.Lhs) == len(up.Rhs) {
				return c.sortedLater(body, up, up.Lhs[k])
			}
		}
	case *ast.ValueSpec:
		for k, r := range up.Values {
			if r == ast.Expr(call) {
				return c.sortedLater(body, up, up.Names[k])
			}
		}
	case *ast.CallExpr:
		return c.builtin(up) == "len"
	}
	return false
}

// outputs reports whether a call writes to something that outlives the round: a builder, a hash, a list.
func (o *order) outputs(call *ast.CallExpr) bool {
	fn := o.c.callee(call)
	if fn == nil {
		return false
	}
	mine := func(e ast.Expr) bool {
		if u, ok := ast.Unparen(e).(*ast.UnaryExpr); ok && u.Op == token.AND {
			e = u.X
		}
		v := o.varOf(rootOf(e))
		return v != nil && o.own[v]
	}
	s, _ := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	switch path, name := pathOf(fn), fn.Name(); {
	case receiver(fn) != nil && s != nil && strings.HasPrefix(name, "Write") && !strings.HasPrefix(path, module), path == "container/list" && s != nil && (strings.HasPrefix(name, "Push") || strings.HasPrefix(name, "Insert")):
		return !mine(s.X)
	case path == "fmt" && strings.HasPrefix(name, "Fprint"), path == "container/heap" && name == "Push", path == "io" && name == "WriteString", path == "encoding/binary" && name == "Write":
		return len(call.Args) > 0 && !mine(call.Args[0])
	}
	return false
}

// tieBroken reports whether an if keeps the best, and of equals the one with the least or largest key, which there is once:
// if v > best || v == best && k < who { best, who = v, k }.
func (o *order) tieBroken(s *ast.IfStmt) bool {
	key := o.varOf(o.loop.Key)
	if key == nil || s.Else != nil {
		return false
	}
	var holds types.Object // what the key is put into
	for _, st := range s.Body.List {
		a, ok := st.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != len(a.Rhs) || a.Tok != token.ASSIGN {
			return false
		}
		for i, r := range a.Rhs {
			if o.varOf(r) == key {
				holds = o.object(a.Lhs[i])
			}
		}
	}
	broken := false
	ast.Inspect(s.Cond, func(n ast.Node) bool {
		if b, ok := n.(*ast.BinaryExpr); ok && b.Op == token.LAND {
			broken = broken || equality(b) && o.compares(b, key, holds)
		}
		return !broken
	})
	return holds != nil && broken
}

// object is the variable or field that an expression names.
func (o *order) object(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return o.c.pass.TypesInfo.ObjectOf(e)
	case *ast.SelectorExpr:
		return o.c.pass.TypesInfo.ObjectOf(e.Sel)
	}
	return nil
}

// equality reports whether an expression has an ==.
func equality(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		b, ok := n.(*ast.BinaryExpr)
		found = found || ok && b.Op == token.EQL
		return !found
	})
	return found
}

// compares reports whether an expression says which of two comes first, by < or > or a function.
func (o *order) compares(e ast.Expr, a, b types.Object) (found bool) {
	names := func(e ast.Node, obj types.Object) (yes bool) {
		ast.Inspect(e, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && obj != nil && o.c.pass.TypesInfo.ObjectOf(id) == obj {
				yes = true
			}
			return !yes
		})
		return yes
	}
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.LSS || n.Op == token.GTR {
				found = found || names(n.X, a) && names(n.Y, b) || names(n.X, b) && names(n.Y, a)
			}
		case *ast.CallExpr:
			fn := o.c.callee(n)
			found = found || fn != nil && (strings.HasSuffix(fn.Name(), "Less") || strings.HasSuffix(fn.Name(), "Compare")) && names(n, a) && names(n, b)
		}
		return !found
	})
	return found
}
