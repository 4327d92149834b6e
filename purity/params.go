package purity

import (
	"go/ast"
	"go/types"
	"slices"
)

// findParams finds what the functions of the package do with their arguments: write to a message's bytes, send it, store it where it
// outlives the call. An argument that a function sets anew is not followed.
func (c *checker) findParams() {
	c.params = make(map[*types.Func]Params)
	views := make(map[*types.Func]*msgs)
	for fn, decl := range c.decls {
		m := c.newMsgs(body{decl, fn})
		for v := range fn.Signature().Params().Variables() {
			m.roots[v] = true
		}
		m.findViews()
		views[fn] = m
	}
	for grew := true; grew; {
		grew = false
		for fn, m := range views {
			if p := m.does(); len(p.Writes)+len(p.Sends)+len(p.Stores) > len(c.params[fn].Writes)+len(c.params[fn].Sends)+len(c.params[fn].Stores) {
				c.params[fn], grew = p, true
			}
		}
	}
}

// paramsOf is what a function does with its arguments.
func (c *checker) paramsOf(fn *types.Func) (p Params) {
	if fn == nil {
		return p
	}
	if fn = fn.Origin(); fn.Pkg() == c.pass.Pkg {
		return c.params[fn]
	}
	if d := c.factOf(fn); d != nil {
		return d.Params
	}
	return p
}

// does is what the function does with its arguments, as far as is known of those that it calls.
func (m *msgs) does() (p Params) {
	index := make(map[*types.Var]int)
	for i := range m.b.fn.Signature().Params().Len() {
		index[m.b.fn.Signature().Params().At(i)] = i
	}
	add := func(list *[]int, e ast.Expr) {
		if i, ok := index[m.viewed(e)]; ok && !slices.Contains(*list, i) {
			*list = append(*list, i)
		}
	}
	keeps := m.c.keeps[m.b.fn]
	ast.Inspect(m.b.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // when it runs is not known
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if v := m.c.variable(l); v != nil {
					delete(index, v)
				}
				if ix, ok := ast.Unparen(l).(*ast.IndexExpr); ok && bytesOf(m.c.pass.TypesInfo.TypeOf(ix.X)) {
					add(&p.Writes, ix.X)
				}
				if len(n.Lhs) == len(n.Rhs) && !keeps && m.outlives(l) {
					m.parts(n.Rhs[i], func(e ast.Expr) { add(&p.Stores, e) })
				}
			}
		case *ast.IncDecStmt:
			if ix, ok := ast.Unparen(n.X).(*ast.IndexExpr); ok && bytesOf(m.c.pass.TypesInfo.TypeOf(ix.X)) {
				add(&p.Writes, ix.X)
			}
		case *ast.CallExpr:
			for _, e := range m.writes(n) {
				if bytesOf(m.c.pass.TypesInfo.TypeOf(e)) || isMsg(m.c.pass.TypesInfo.TypeOf(e)) {
					add(&p.Writes, e)
				}
			}
			for _, e := range m.sends(n) {
				add(&p.Sends, e)
			}
			if !keeps {
				for _, e := range m.stores(n) {
					add(&p.Stores, e)
				}
			}
		}
		return true
	})
	for _, list := range []*[]int{&p.Writes, &p.Sends, &p.Stores} { // of those that were set anew after all
		*list = slices.DeleteFunc(*list, func(i int) bool { _, ok := index[m.b.fn.Signature().Params().At(i)]; return !ok })
		slices.Sort(*list)
	}
	return p
}

// bytesOf reports whether a type is a slice of bytes, as payloads are.
func bytesOf(t types.Type) bool {
	if t == nil {
		return false
	}
	s, ok := t.Underlying().(*types.Slice)
	if !ok {
		return false
	}
	b, ok := s.Elem().Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uint8
}

// arguments are those of a call with the indexes.
func arguments(call *ast.CallExpr, indexes []int) (list []ast.Expr) {
	for _, i := range indexes {
		if i < len(call.Args) {
			list = append(list, call.Args[i])
		}
	}
	return list
}

// writes are the arguments whose bytes a call writes to.
func (m *msgs) writes(call *ast.CallExpr) []ast.Expr {
	fn := m.c.callee(call)
	switch name := m.c.builtin(call); {
	case name == "copy" || name == "clear":
		return call.Args[:1]
	case name == "append" && len(call.Args) > 1: // within its capacity, which a cut leaves it
		if _, cut := ast.Unparen(call.Args[0]).(*ast.SliceExpr); cut {
			return call.Args[:1]
		}
		return nil
	case fn == nil:
		return nil
	case pathOf(fn) == "encoding/binary" && len(call.Args) > 0 && len(fn.Name()) > 3 && fn.Name()[:3] == "Put":
		return call.Args[:1]
	}
	return arguments(call, m.c.paramsOf(fn).Writes)
}

// sends are the arguments that a call sends.
func (m *msgs) sends(call *ast.CallExpr) []ast.Expr {
	fn := m.c.callee(call)
	if fn != nil && slices.Contains(senders, fn.Name()) && receiver(fn) != nil {
		return slices.DeleteFunc(slices.Clone(call.Args), func(e ast.Expr) bool {
			v := m.c.variable(e)
			return v == nil || !isMsg(v.Type())
		})
	}
	return arguments(call, m.c.paramsOf(fn).Sends)
}

// stores are the arguments that a call puts where they outlive it, and this function. Of a function of the package that is given a
// message it is said there.
func (m *msgs) stores(call *ast.CallExpr) (list []ast.Expr) {
	fn := m.c.callee(call)
	if s, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && receiver(fn) != nil {
		root := m.c.variable(rootOf(s.X))
		if root != nil && m.b.decl.Body.Pos() <= root.Pos() && root.Pos() < m.b.decl.Body.End() {
			return nil // what the function has made goes with it
		}
	}
	for _, i := range m.c.paramsOf(fn).Stores {
		if i < len(call.Args) && (fn.Pkg() != m.c.pass.Pkg || !isMsg(fn.Origin().Signature().Params().At(i).Type())) {
			list = append(list, call.Args[i])
		}
	}
	return list
}
