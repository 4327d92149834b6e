package purity

import (
	"cmp"
	"go/ast"
	"go/types"
	"slices"
)

// registers are the methods, and functions of algos, that are told who is handed messages.
var registers = []string{"On", "OnLent", "Answer", "Handle"}

// findValues finds what variables of the package begin with, which variables are always one function, and which functions are
// handed messages.
func (c *checker) findValues() {
	c.inits, c.aliases, c.handlers = make(map[*types.Var]ast.Expr), make(map[*types.Var]*types.Func), make(map[types.Object]bool)
	sets := make(map[*types.Var]int)
	set := func(l, r ast.Expr) {
		v := c.variable(l)
		if sel, ok := ast.Unparen(l).(*ast.SelectorExpr); ok {
			v, _ = c.pass.TypesInfo.Uses[sel.Sel].(*types.Var)
		}
		if v == nil {
			return
		}
		sets[v]++
		if r != nil {
			if fn := c.named(r); fn != nil {
				c.aliases[v] = fn
				return
			}
		}
		sets[v]++ // of something else
	}
	for _, file := range c.pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if len(n.Values) != len(n.Names) {
						continue
					}
					set(name, n.Values[i])
					if v := c.variable(name); v != nil && v.Parent() == c.pass.Pkg.Scope() {
						c.inits[v] = n.Values[i]
					}
				}
			case *ast.AssignStmt:
				for i, l := range n.Lhs {
					if len(n.Lhs) == len(n.Rhs) {
						set(l, n.Rhs[i])
					} else {
						set(l, nil)
					}
				}
			case *ast.UnaryExpr:
				set(n.X, nil) // its address may be taken
			case *ast.CallExpr:
				c.registered(n)
			}
			return true
		})
	}
	for v := range c.aliases {
		if sets[v] != 1 || v.IsField() || v.Exported() && v.Parent() == c.pass.Pkg.Scope() {
			delete(c.aliases, v)
		}
	}
}

// registered notes who is handed messages by a call.
func (c *checker) registered(call *ast.CallExpr) {
	fn := c.callee(call)
	if fn == nil || !slices.Contains(registers, fn.Name()) || pathOf(fn) != module+"/algos" {
		return
	}
	for _, arg := range call.Args {
		if lit, ok := ast.Unparen(arg).(*ast.FuncLit); ok {
			if l := lit.Type.Params.List; len(l) > 0 && len(l[0].Names) > 0 {
				c.handlers[c.pass.TypesInfo.Defs[l[0].Names[0]]] = true
			}
		} else if named := c.named(arg); named != nil {
			c.handlers[named.Origin()] = true
		}
	}
}

// begun are the variables of the package that bodies name and that begin with something, in the order of the source, and those that
// these begin with.
func (c *checker) begun() (list []*types.Var) {
	seen := make(map[*types.Var]bool)
	var look func(n ast.Node)
	look = func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if v, ok := c.pass.TypesInfo.Uses[id].(*types.Var); ok && c.inits[v] != nil && !seen[v] {
					seen[v] = true
					list = append(list, v)
					look(c.inits[v])
				}
			}
			return true
		})
	}
	for _, b := range c.bodies {
		look(b.decl.Body)
	}
	slices.SortFunc(list, func(a, b *types.Var) int { return cmp.Compare(a.Pos(), b.Pos()) })
	return list
}
