package purity

import (
	"go/ast"
	"go/token"
)

// endless reports loops that nothing leaves: no condition, and no return, panic, goto, or break of theirs inside.
// Other nodes of the loop would wait for ever, and so would time.
func (c *checker) endless(body ast.Node) {
	labels := make(map[ast.Stmt]string)
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.LabeledStmt:
			labels[n.Stmt] = n.Label.Name
		case *ast.ForStmt:
			switch {
			case c.leaves(n.Body, labels[n], true):
			case c.always(n.Cond):
				c.report(n, "endless loop", "nothing leaves it, so no other node of the loop ever has its turn: do a bounded piece, and go on in a timer (After)")
			case c.unchanged(n):
				c.report(n, "endless loop", "nothing in it changes its condition, so once it runs it does not end")
			}
		case *ast.BlockStmt:
			if n == body {
				c.circles(n)
			}
		case *ast.FuncLit:
			c.circles(n.Body)
		}
		return true
	})
}

// always reports whether a condition holds by its form.
func (c *checker) always(cond ast.Expr) bool {
	if cond == nil {
		return true
	}
	v := c.pass.TypesInfo.Types[cond].Value
	return v != nil && v.String() == "true"
}

// leaves reports whether a statement can leave the loop that it is in; direct says that a break without a label is the loop's own.
func (c *checker) leaves(s ast.Node, label string, direct bool) (found bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		if found {
			return false
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			found = true
		case *ast.BranchStmt:
			switch {
			case n.Tok == token.GOTO, n.Tok == token.BREAK && n.Label == nil && direct, n.Tok == token.BREAK && n.Label != nil && n.Label.Name == label,
				n.Label != nil && n.Label.Name != label: // to a loop outside, or one inside, which is rare
				found = true
			}
		case *ast.CallExpr:
			fn := c.callee(n)
			found = c.builtin(n) == "panic" || pathOf(fn) == "os" && fn.Name() == "Exit" || pathOf(fn) == "runtime" && fn.Name() == "Goexit"
		case *ast.RangeStmt:
			found = c.leaves(n.Body, label, false)
			return false
		case *ast.ForStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			if n != s && direct {
				found = c.leaves(n, label, false)
				return false
			}
		}
		return !found
	})
	return found
}
