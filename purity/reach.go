package purity

import (
	"cmp"
	"go/ast"
	"go/types"
	"slices"
)

// reach finds the functions of the package that a node's loop runs: those of algorithms, sinks and sources, those
// that make them, and what can be reached from there. A function that is named counts as called.
func (c *checker) reach() {
	ours := c.loopTypes()
	seen := make(map[*types.Func]bool)
	var todo []*types.Func
	add := func(fn *types.Func) {
		if fn = fn.Origin(); c.decls[fn] != nil && !seen[fn] {
			seen[fn] = true
			todo = append(todo, fn)
		}
	}
	for fn := range c.decls {
		if c.isRoot(fn, ours) {
			add(fn)
		}
	}
	for len(todo) > 0 {
		fn := todo[0]
		todo = todo[1:]
		c.bodies = append(c.bodies, body{c.decls[fn], fn})
		ast.Inspect(c.decls[fn].Body, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if used, ok := c.pass.TypesInfo.Uses[id].(*types.Func); ok {
					add(used)
					c.implementations(used, add)
				}
			}
			return true
		})
	}
	c.reached = seen
	slices.SortFunc(c.bodies, func(a, b body) int { return cmp.Compare(a.decl.Pos(), b.decl.Pos()) })
}

// loopTypes are the package's types whose methods a node's loop calls.
func (c *checker) loopTypes() map[*types.TypeName]bool {
	ours := make(map[*types.TypeName]bool)
	scope := c.pass.Pkg.Scope()
	for _, name := range scope.Names() {
		tn, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || tn.IsAlias() || types.IsInterface(tn.Type()) {
			continue
		}
		set := types.NewMethodSet(types.NewPointer(tn.Type()))
		for i := range set.Len() {
			if fn, ok := set.At(i).Obj().(*types.Func); ok && entry(fn) {
				ours[tn] = true
			}
		}
	}
	return ours
}

// entry reports whether a method is one that a switch calls: Process of an algorithm, Consume of a sink, Produce of a source.
func entry(fn *types.Func) bool {
	sig := fn.Signature()
	p, r := sig.Params(), sig.Results()
	switch fn.Name() {
	case "Process":
		return p.Len() == 1 && isMsg(p.At(0).Type()) && r.Len() == 1 && isNamed(r.At(0).Type(), "core", "Verdict")
	case "Consume":
		return p.Len() == 2 && isMsg(p.At(1).Type())
	case "Produce":
		return r.Len() == 1 && isNamed(r.At(0).Type(), "core", "Supply")
	}
	return false
}

// isRoot reports whether a function is a method of one of the types, makes one, or is given a scenario.Env.
func (c *checker) isRoot(fn *types.Func, ours map[*types.TypeName]bool) bool {
	is := func(t types.Type) bool {
		if p, ok := types.Unalias(t).(*types.Pointer); ok {
			t = p.Elem()
		}
		n, ok := types.Unalias(t).(*types.Named)
		return ok && ours[n.Origin().Obj()]
	}
	if recv := receiver(fn); recv != nil {
		return is(recv)
	}
	sig := fn.Signature()
	for v := range sig.Results().Variables() {
		if is(v.Type()) {
			return true
		}
	}
	for v := range sig.Params().Variables() {
		if isNamed(v.Type(), "scenario/host", "Env") {
			return true
		}
	}
	return false
}

// implementations adds the methods of the package's types that a call through an interface may reach.
func (c *checker) implementations(fn *types.Func, add func(*types.Func)) {
	recv := receiver(fn)
	if recv == nil || !types.IsInterface(recv) {
		return
	}
	iface, ok := recv.Underlying().(*types.Interface)
	if !ok {
		return
	}
	for own := range c.decls {
		if own.Name() != fn.Name() {
			continue
		}
		if t := receiver(own); t != nil && types.Implements(t, iface) {
			add(own)
		}
	}
}
