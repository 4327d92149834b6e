package purity

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/cfg"
)

// circles reports labels to which a goto leads back and from which no way leads to the function's end.
func (c *checker) circles(body *ast.BlockStmt) {
	targets := make(map[string]bool)
	ast.Inspect(body, func(n ast.Node) bool {
		if b, ok := n.(*ast.BranchStmt); ok && b.Tok == token.GOTO {
			targets[b.Label.Name] = true
		}
		return true
	})
	if len(targets) == 0 {
		return
	}
	flow := c.flow(body)
	ends := endings(flow, func(*cfg.Block) bool { return false })
	for _, b := range flow.Blocks {
		l, ok := b.Stmt.(*ast.LabeledStmt)
		if ok && b.Kind == cfg.KindLabel && b.Live && targets[l.Label.Name] && !ends[b.Index] {
			c.report(l, "endless loop", "goto %s comes back to it and nothing leaves, so no other node of the loop ever has its turn", l.Label.Name)
		}
	}
}

// recursion reports a function that calls itself on every way through it.
func (c *checker) recursion(b body) {
	calls := func(blk *cfg.Block) (found bool) {
		for _, n := range blk.Nodes {
			ast.Inspect(n, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncLit, *ast.DeferStmt, *ast.GoStmt:
					return false
				case *ast.CallExpr:
					fn := c.callee(n)
					found = found || fn != nil && fn.Origin() == b.fn
				}
				return !found
			})
		}
		return found
	}
	flow := c.flow(b.decl.Body)
	some := false
	ends := endings(flow, func(blk *cfg.Block) bool {
		again := calls(blk)
		some = some || again
		return again
	})
	if some && len(flow.Blocks) > 0 && !ends[flow.Blocks[0].Index] {
		c.report(b.decl.Name, "endless loop", "%s calls itself on every way through it, so it never returns", b.fn.Name())
	}
}

// endings are the blocks from which a way leads to an end of the function past none of the blocks that are cut.
func endings(flow *cfg.CFG, cut func(*cfg.Block) bool) map[int32]bool {
	ends, closed := make(map[int32]bool), make(map[int32]bool)
	for _, b := range flow.Blocks {
		closed[b.Index] = cut(b)
	}
	for changed := true; changed; {
		changed = false
		for _, b := range flow.Blocks {
			if ends[b.Index] || closed[b.Index] {
				continue
			}
			end := len(b.Succs) == 0
			for _, next := range b.Succs {
				end = end || ends[next.Index]
			}
			if end {
				ends[b.Index], changed = true, true
			}
		}
	}
	return ends
}

// unchanged reports whether a loop's condition is of local variables, constants and lengths alone, none of which the loop, or a
// function within the function, can set.
func (c *checker) unchanged(loop *ast.ForStmt) bool {
	if loop.Cond == nil {
		return false
	}
	names, plain := make(map[*types.Var]bool), true
	ast.Inspect(loop.Cond, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil, *ast.BinaryExpr, *ast.ParenExpr, *ast.BasicLit:
		case *ast.UnaryExpr:
			plain = plain && n.Op != token.ARROW
		case *ast.CallExpr:
			plain = plain && c.builtin(n) == "len"
		case *ast.Ident:
			switch obj := c.pass.TypesInfo.Uses[n].(type) {
			case *types.Var:
				names[obj] = true
				t := obj.Type().Underlying()
				_, isMap := t.(*types.Map)
				_, isChan := t.(*types.Chan)
				plain = plain && !isMap && !isChan && !obj.IsField() && obj.Parent() != c.pass.Pkg.Scope()
			case *types.Const, *types.Nil, *types.Builtin:
			default:
				plain = false
			}
		default:
			plain = false
		}
		return plain
	})
	if !plain || len(names) == 0 {
		return false
	}
	set := false
	touched := func(e ast.Expr) { set = set || names[c.variable(rootOf(e))] }
	for _, part := range []ast.Node{loop.Body, loop.Post} {
		if s, ok := part.(ast.Stmt); !ok || s == nil {
			continue
		}
		ast.Inspect(part, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					touched(l)
				}
			case *ast.IncDecStmt:
				touched(n.X)
			case *ast.RangeStmt:
				if n.Key != nil {
					touched(n.Key)
				}
				if n.Value != nil {
					touched(n.Value)
				}
			}
			return !set
		})
	}
	return !set && !c.shared(names)
}

// shared reports whether one of the variables has its address taken, or is set in a function literal: then a call may change it.
func (c *checker) shared(names map[*types.Var]bool) (found bool) {
	for _, file := range c.pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.UnaryExpr:
				found = found || n.Op == token.AND && names[c.variable(rootOf(n.X))]
			case *ast.SelectorExpr: // a method that takes its receiver's address
				if sel := c.pass.TypesInfo.Selections[n]; sel != nil && sel.Kind() == types.MethodVal {
					_, pointer := sel.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
					found = found || pointer && names[c.variable(rootOf(n.X))]
				}
			case *ast.FuncLit:
				ast.Inspect(n.Body, func(n ast.Node) bool {
					if a, ok := n.(*ast.AssignStmt); ok {
						for _, l := range a.Lhs {
							found = found || names[c.variable(rootOf(l))]
						}
					}
					if i, ok := n.(*ast.IncDecStmt); ok {
						found = found || names[c.variable(rootOf(i.X))]
					}
					return !found
				})
			}
			return !found
		})
	}
	return found
}
