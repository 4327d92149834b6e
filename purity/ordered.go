package purity

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// calm are the methods of a node, and of algos.Base, that can be called for many in any order.
var calm = []string{
	"Release", "Retain", "Now", "Rand", "ID", "Held", "Stats", "Upstreams", "Received", "Queued", "Cancel",
	"Known", "Knows", "Trusted", "Running", "Ended", "App", "Fresh",
}

// ordered says why the order of calls can be seen from outside, or "".
func (c *checker) ordered(call *ast.CallExpr) string {
	if c.builtin(call) != "" || c.pass.TypesInfo.Types[call.Fun].IsType() {
		return ""
	}
	fn := c.callee(call)
	if fn == nil {
		if _, ok := ast.Unparen(call.Fun).(*ast.FuncLit); ok {
			return ""
		}
		return "what the function value does happens in its order"
	}
	recv := receiver(fn)
	switch {
	case recv == nil && pathOf(fn) == module+"/algos" && fn.Name() != "Pick":
		return ""
	case recv == nil:
	case isNamed(recv, "core", "Node"), isNamed(recv, "algos", "Base"):
		if !slices.Contains(calm, fn.Name()) && !strings.HasPrefix(fn.Name(), "Count") {
			return fn.Name() + " happens in its order"
		}
		return ""
	case strings.HasPrefix(pathOf(fn), "math/rand"):
		return "the dice are thrown in its order"
	}
	if d := c.factOf(fn); c.risky[fn.Origin()] || d != nil && d.Ordered {
		return fn.Name() + " sends, sets timers, draws or appends, in its order"
	}
	return ""
}

// findRisky finds the functions of the package that do what may not happen in the order of a map, themselves or by others.
func (c *checker) findRisky() {
	c.risky = make(map[*types.Func]bool)
	for grew := true; grew; {
		grew = false
		for fn, decl := range c.decls {
			if !c.risky[fn] && c.doesOrdered(decl) {
				c.risky[fn], grew = true, true
			}
		}
	}
}

func (c *checker) doesOrdered(decl *ast.FuncDecl) (found bool) {
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			found = found || c.callee(n) != nil && c.ordered(n) != ""
		case *ast.AssignStmt:
			for i, r := range n.Rhs {
				if call, ok := r.(*ast.CallExpr); ok && c.builtin(call) == "append" && i < len(n.Lhs) {
					_, local := ast.Unparen(n.Lhs[i]).(*ast.Ident)
					found = found || !local
				}
			}
		}
		return !found
	})
	return found
}
