package purity

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// clocks are what package time has besides values and their arithmetic.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// makers are what math/rand and math/rand/v2 have that draws nothing.
var makers = []string{"New", "NewSource", "NewPCG", "NewChaCha8", "NewZipf"}

// deadlines are what package context has that ends by the machine's time, or on another goroutine.
var deadlines = []string{"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause", "AfterFunc"}

// plainNet are functions of package net that compute and ask nobody.
var plainNet = []string{"ParseIP", "ParseCIDR", "ParseMAC", "IPv4", "IPv4Mask", "CIDRMask", "JoinHostPort", "SplitHostPort"}

// plainOS are functions of package os that look at an error and at nothing else.
var plainOS = []string{"IsExist", "IsNotExist", "IsPermission", "IsTimeout"}

// plainRuntime are functions of package runtime that change nothing.
var plainRuntime = []string{"KeepAlive"}

// forbidden reports what asks the world instead of the node.
func (c *checker) forbidden(body ast.Node) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			c.report(n, "goroutine", "the order of its steps is chance: ask the node for a timer (After), or do the work in turns")
		case *ast.SendStmt:
			c.report(n, "channel", "a send waits, and who is first is chance: send a message (Send)")
		case *ast.SelectStmt:
			c.report(n, "channel", "a select waits, and which case it takes is chance: messages come to Process one by one")
			return false // its cases would say it again
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				c.report(n, "channel", "a receive stops the loop of all its nodes: messages come to Process")
			}
		case *ast.RangeStmt:
			if t := c.pass.TypesInfo.TypeOf(n.X); t != nil {
				if _, ok := t.Underlying().(*types.Chan); ok {
					c.report(n.X, "channel", "a range over a channel stops the loop of all its nodes: messages come to Process")
				}
			}
		case *ast.CallExpr:
			c.channelCall(n)
		case *ast.SelectorExpr:
			if fn, ok := c.pass.TypesInfo.Uses[n.Sel].(*types.Func); ok {
				c.function(n, fn)
			}
		case *ast.Ident: // of a dot import; selectors are seen above
			if fn, ok := c.pass.TypesInfo.Uses[n].(*types.Func); ok && receiver(fn) == nil && fn.Pkg() != c.pass.Pkg && c.dotImported(n) {
				c.function(n, fn)
			}
		}
		return true
	})
}

// dotImported reports whether the file of an identifier imports the identifier's package with a dot.
func (c *checker) dotImported(id *ast.Ident) bool {
	path := pathOf(c.pass.TypesInfo.Uses[id].(*types.Func))
	for _, file := range c.pass.Files {
		if file.FileStart <= id.Pos() && id.Pos() < file.FileEnd {
			return slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool {
				return s.Name != nil && s.Name.Name == "." && strings.Trim(s.Path.Value, `"`) == path
			})
		}
	}
	return false
}

func (c *checker) channelCall(call *ast.CallExpr) {
	name := c.builtin(call)
	if (name == "make" || name == "close") && len(call.Args) > 0 {
		if t := c.pass.TypesInfo.TypeOf(call.Args[0]); t != nil {
			if _, ok := t.Underlying().(*types.Chan); ok {
				c.report(call, "channel", "%s of a channel: whoever is at its other end runs beside the node; send a message (Send)", name)
			}
		}
	}
}

// function reports a function that asks the world.
func (c *checker) function(at ast.Node, fn *types.Func) {
	name := fn.Name()
	whole := fn.Pkg()
	if whole == nil {
		return
	}
	method := receiver(fn) != nil
	called := whole.Name() + "." + name
	switch path := whole.Path(); {
	case path == "time" && !method && slices.Contains(clocks, name):
		if name == "Sleep" {
			c.report(at, "clock", "time.Sleep stops the loop of all its nodes and no time passes in virtual time: set a timer (After)")
			return
		}
		c.report(at, "clock", "%s is the machine's time: the node's is Now, and its timers are After", called)
	case path == "context" && slices.Contains(deadlines, name):
		c.report(at, "clock", "%s ends by the machine's time, or on another goroutine: set a timer (After)", called)
	case path == "reflect" && (name == "MapKeys" || name == "MapRange"):
		c.report(at, "map order", "%s has the order of the map, which is another in each run: sort the keys", methodName(fn))
	case (path == "math/rand" || path == "math/rand/v2") && !method && !slices.Contains(makers, name):
		c.report(at, "randomness", "%s draws from Go's global source, another in each run: the node's dice are Rand()", called)
	case path == "crypto/rand", path == "hash/maphash" && (!method || name == "Sum64" || name == "Sum" || name == "Seed"): // no seed of it is the author's
		c.report(at, "randomness", "%s is another in each run: the node's dice are Rand()", called)
	case path == "sync":
		c.report(at, "lock", "%s: a node belongs to one loop and needs no lock; one that waits stops all nodes of the loop", methodName(fn))
	case path == "os" && !slices.Contains(plainOS, name), path == "net" && !slices.Contains(plainNet, name), strings.HasPrefix(path, "net/") && path != "net/netip" && path != "net/url",
		path == "os/exec", path == "os/signal", path == "os/user", path == "syscall", path == "io/ioutil", strings.HasPrefix(path, "golang.org/x/sys/"):
		c.report(at, "world", "%s asks the machine or the network, which differ from run to run: what a node needs comes in its parameters and messages", called)
	case path == "runtime" && !slices.Contains(plainRuntime, name):
		c.report(at, "world", "%s tells of the machine, not of the overlay", called)
	}
}

// methodName is pkg.Type.Method or pkg.Function.
func methodName(fn *types.Func) string {
	recv := receiver(fn)
	if recv == nil {
		return fn.Pkg().Name() + "." + fn.Name()
	}
	if p, ok := recv.(*types.Pointer); ok {
		recv = p.Elem()
	}
	if n, ok := recv.(*types.Named); ok {
		return fn.Pkg().Name() + "." + n.Obj().Name() + "." + fn.Name()
	}
	return fn.Pkg().Name() + "." + fn.Name()
}
