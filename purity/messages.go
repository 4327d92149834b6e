package purity

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/cfg"
)

// senders are the methods that send a message; the message is among their arguments.
var senders = []string{"Send", "SendUrgent", "Disseminate"}

// messages reports writes after Send, and messages that are kept. Functions within the function are looked at by themselves.
func (c *checker) messages(b body) {
	m := c.newMsgs(b)
	for v := range b.fn.Signature().Params().Variables() {
		m.young[v] = isMsg(v.Type())
	}
	if entry(b.fn) && b.fn.Name() != "Produce" {
		p := b.fn.Signature().Params()
		m.handed[p.At(p.Len()-1)] = true
	}
	if p := b.fn.Signature().Params(); c.handlers[b.fn] && p.Len() > 0 {
		m.handed[p.At(0)] = true
	}
	bodies := []*ast.BlockStmt{b.decl.Body}
	ast.Inspect(b.decl.Body, func(n ast.Node) bool {
		if lit, ok := n.(*ast.FuncLit); ok {
			bodies = append(bodies, lit.Body)
			for _, f := range lit.Type.Params.List {
				for _, name := range f.Names {
					if v, ok := c.pass.TypesInfo.Defs[name].(*types.Var); ok && c.handlers[v] && isMsg(v.Type()) {
						m.young[v], m.handed[v] = true, true
					}
				}
			}
		}
		return true
	})
	m.findViews()
	for _, body := range bodies {
		m.writesAfterSend(c.flow(body))
	}
	if !c.keeps[b.fn] {
		m.kept()
	}
}

// flow is the flow graph of a function.
func (c *checker) flow(body *ast.BlockStmt) *cfg.CFG {
	return cfg.New(body, func(call *ast.CallExpr) bool { return c.builtin(call) != "panic" })
}

func (c *checker) newMsgs(b body) *msgs {
	set := func() map[*types.Var]bool { return make(map[*types.Var]bool) }
	return &msgs{c: c, b: b, views: make(map[*types.Var]*types.Var), young: set(), roots: set(), handed: set()}
}

// msgs looks at what one function does with messages.
type msgs struct {
	c     *checker
	b     body
	views map[*types.Var]*types.Var // whose payload (or part of it, or itself) a variable is

	young  map[*types.Var]bool // messages that were handed in or made in this call: not those taken from where they are kept
	roots  map[*types.Var]bool // what is followed though it is no message
	handed map[*types.Var]bool // messages that came from elsewhere
}

// findViews finds the variables that are views of a message: p := m.Payload(), and what is cut from it, and other
// names of the message. Of one that is set several times, the last counts.
func (m *msgs) findViews() {
	ast.Inspect(m.b.decl.Body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) {
			for i, r := range a.Rhs {
				if call, ok := ast.Unparen(r).(*ast.CallExpr); ok && m.c.makes(call) {
					if v := m.c.variable(a.Lhs[i]); v != nil {
						m.young[v] = true
					}
				}
				if v, of := m.c.variable(a.Lhs[i]), m.viewed(r); v != nil && of != nil && v != of {
					m.views[v] = of
				}
			}
		}
		return true
	})
}

// viewed is the message that an expression is, or is a view of, or nil.
func (m *msgs) viewed(e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v := m.c.variable(e)
		if v == nil {
			return nil
		}
		if of := m.views[v]; of != nil {
			return of
		}
		if isMsg(v.Type()) && !v.IsField() || m.roots[v] {
			return v
		}
	case *ast.SliceExpr:
		return m.viewed(e.X)
	case *ast.CallExpr:
		if s, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok && isNamed(m.c.pass.TypesInfo.TypeOf(s.X), "core", "Msg") && (s.Sel.Name == "Payload" || s.Sel.Name == "Frame") {
			return m.viewed(s.X)
		}
		if m.c.builtin(e) == "append" { // to a view
			return m.viewed(e.Args[0])
		}
	}
	return nil
}

// makes reports whether a call makes a message.
func (c *checker) makes(call *ast.CallExpr) bool {
	fn := c.callee(call)
	return fn != nil && receiver(fn) != nil && (fn.Name() == "NewMsg" || fn.Name() == "Clone") && pathOf(fn) == module+"/core"
}

// writesAfterSend follows the ways through the function with the set of messages that were sent on one of them.
func (m *msgs) writesAfterSend(flow *cfg.CFG) {
	if len(flow.Blocks) == 0 {
		return
	}
	sent := make([]map[*types.Var]bool, len(flow.Blocks)) // at the beginning of each block; nil: never reached
	sent[flow.Blocks[0].Index] = make(map[*types.Var]bool)
	for v := range m.handed {
		sent[flow.Blocks[0].Index][v] = true
	}
	for changed := true; changed; {
		changed = false
		for _, blk := range flow.Blocks {
			in := sent[blk.Index]
			if in == nil {
				continue
			}
			out := make(map[*types.Var]bool, len(in))
			for v := range in {
				out[v] = true
			}
			m.block(blk, out, false)
			for _, next := range blk.Succs {
				if sent[next.Index] == nil {
					sent[next.Index], changed = make(map[*types.Var]bool), true
				}
				for v := range out {
					if !sent[next.Index][v] {
						sent[next.Index][v], changed = true, true
					}
				}
			}
		}
	}
	for _, blk := range flow.Blocks {
		if in := sent[blk.Index]; in != nil {
			m.block(blk, in, true)
		}
	}
}

// block is what a block of the flow graph does. At the beginning of a range's body its variables are others.
func (m *msgs) block(blk *cfg.Block, sent map[*types.Var]bool, say bool) {
	if r, ok := blk.Stmt.(*ast.RangeStmt); ok && blk.Kind == cfg.KindRangeBody {
		for _, e := range []ast.Expr{r.Key, r.Value} {
			if e != nil {
				delete(sent, m.c.variable(e))
			}
		}
	}
	for _, n := range blk.Nodes {
		m.step(n, sent, say)
	}
}

// step is what a node of the flow graph does to the set of sent messages. With say, writes to those are reported.
func (m *msgs) step(n ast.Node, sent map[*types.Var]bool, say bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			for _, arg := range n.Args { // what is inside comes first
				m.step(arg, sent, say)
			}
			m.call(n, sent, say)
			return false
		case *ast.AssignStmt:
			for _, r := range n.Rhs {
				m.step(r, sent, say)
			}
			for i, l := range n.Lhs {
				m.assigned(l, n, i, sent, say)
			}
			return false
		case *ast.IncDecStmt:
			m.written(n, n.X, sent, say)
		case *ast.ValueSpec:
			for _, name := range n.Names {
				if v := m.c.variable(name); v != nil {
					delete(sent, v)
				}
			}
		}
		return true
	})
}

func (m *msgs) assigned(l ast.Expr, a *ast.AssignStmt, i int, sent map[*types.Var]bool, say bool) {
	v := m.c.variable(l)
	if v == nil {
		m.written(a, l, sent, say)
		return
	}
	if isMsg(v.Type()) { // another message from here on
		delete(sent, v)
		if len(a.Lhs) == len(a.Rhs) {
			if of := m.viewed(a.Rhs[i]); of != nil && of != v && sent[of] {
				sent[v] = true
			}
		}
	}
}

// written reports a write to an element of a view of a sent message.
func (m *msgs) written(at ast.Node, l ast.Expr, sent map[*types.Var]bool, say bool) {
	if ix, ok := ast.Unparen(l).(*ast.IndexExpr); ok {
		m.overwrite(at, ix.X, sent, say)
	}
}

func (m *msgs) overwrite(at ast.Node, view ast.Expr, sent map[*types.Var]bool, say bool) {
	of := m.viewed(view)
	if !say || of == nil || !sent[of] {
		return
	}
	if m.handed[of] {
		m.c.report(at, "write after send", "into a message that came from elsewhere, whose bytes others may be reading: Clone it")
		return
	}
	m.c.report(at, "write after send", "%s has been sent, and its bytes are on their way: write first, or Clone it", of.Name())
}

// call is a call that sends a message, or writes to one.
func (m *msgs) call(call *ast.CallExpr, sent map[*types.Var]bool, say bool) {
	fn := m.c.callee(call)
	if s, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && fn != nil && isNamed(m.c.pass.TypesInfo.TypeOf(s.X), "core", "Msg") && (fn.Name() == "SetSeq" || fn.Name() == "SetParams") {
		if of := m.viewed(s.X); say && of != nil && sent[of] {
			m.c.report(call, "write after send", "%s of %s, which was sent or came from elsewhere: set it first, or Clone it", fn.Name(), of.Name())
		}
		return
	}
	for _, e := range m.writes(call) {
		m.overwrite(call, e, sent, say)
	}
	for _, e := range m.sends(call) {
		if of := m.viewed(e); of != nil {
			sent[of] = true
		}
	}
}
