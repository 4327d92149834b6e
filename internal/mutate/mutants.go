package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A mutant is one small change of one file.
type mutant struct {
	file  string // as given to the tool
	line  int
	fn    string // the function that it is in
	what  string // what was changed
	nth   int    // of the same changes in the function, from 1
	begin int    // offsets of the source text that is replaced
	end   int
	text  string
}

// key names the mutant in the list of survivors. It has no line number, so that it stays when lines move.
func (m *mutant) key() string {
	k := fmt.Sprintf("%s %s: %s", m.file, m.fn, m.what)
	if m.nth > 1 {
		k += fmt.Sprintf(" (%d)", m.nth)
	}
	return k
}

// apply is the file's text with the change.
func (m *mutant) apply(src []byte) []byte {
	return slices.Concat(src[:m.begin], []byte(m.text), src[m.end:])
}

// finder collects the mutants of a file.
type finder struct {
	fset  *token.FileSet
	file  string
	src   []byte
	fn    string
	count map[string]int
	found []*mutant
}

// mutantsOf lists the changes to try in a file.
func mutantsOf(file string) ([]*mutant, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f := &finder{fset: token.NewFileSet(), file: filepath.ToSlash(file), src: src, count: make(map[string]int)}
	tree, err := parser.ParseFile(f.fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			f.fn = nameOf(fn)
			ast.Inspect(fn.Body, f.visit)
		}
	}
	return f.found, nil
}

// nameOf is a function's name with its receiver's type.
func nameOf(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	t := fn.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name + "." + fn.Name.Name
		default:
			return fn.Name.Name
		}
	}
}

// swaps are the operators that are put in each other's place.
var swaps = map[token.Token][]token.Token{
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.LAND: {token.LOR}, token.LOR: {token.LAND},
	token.ADD: {token.SUB}, token.SUB: {token.ADD},
	token.AND: {token.OR}, token.OR: {token.AND}, token.AND_NOT: {token.AND},
	token.ADD_ASSIGN: {token.SUB_ASSIGN}, token.SUB_ASSIGN: {token.ADD_ASSIGN},
	token.INC: {token.DEC}, token.DEC: {token.INC},
	token.BREAK: {token.CONTINUE}, token.CONTINUE: {token.BREAK},
}

// visit adds the mutants of a node.
func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "panic" {
			return false // the words of a panic are nobody's contract
		}
	case *ast.BinaryExpr:
		for _, to := range swaps[n.Op] {
			f.swap(n.OpPos, n.Op, to, n)
		}
		if n.Op == token.LAND || n.Op == token.LOR {
			f.replace(n, f.text(n.X), fmt.Sprintf("%q without its right half", f.text(n)))
			f.replace(n, f.text(n.Y), fmt.Sprintf("%q without its left half", f.text(n)))
		}
	case *ast.BranchStmt:
		if n.Label == nil {
			for _, to := range swaps[n.Tok] {
				f.swap(n.TokPos, n.Tok, to, n)
			}
		}
	case *ast.IfStmt:
		f.replace(n.Cond, "!("+f.text(n.Cond)+")", fmt.Sprintf("if %q negated", f.text(n.Cond)))
		f.replace(n.Body, "{}", fmt.Sprintf("if %q does nothing", f.text(n.Cond)))
	case *ast.IncDecStmt:
		for _, to := range swaps[n.Tok] {
			f.swap(n.TokPos, n.Tok, to, n)
		}
	case *ast.AssignStmt:
		for _, to := range swaps[n.Tok] {
			f.swap(n.TokPos, n.Tok, to, n)
		}
		if n.Tok != token.DEFINE {
			f.remove(n)
		}
	case *ast.ExprStmt, *ast.DeferStmt, *ast.SendStmt:
		f.remove(n)
	case *ast.ReturnStmt:
		f.results(n)
	case *ast.BasicLit:
		f.literal(n)
	}
	return true
}

// remove deletes a statement. What the seam of the controlled scheduler says is nothing to delete: it does nothing.
func (f *finder) remove(n ast.Node) {
	if text := f.text(n); !strings.HasPrefix(text, "interleave.") && !strings.HasPrefix(text, "q.calls.") && !strings.HasPrefix(text, "panic(") {
		f.replace(n, "", fmt.Sprintf("%q deleted", text))
	}
}

// results turns what a function returns round, where it says true, false or nil.
func (f *finder) results(n *ast.ReturnStmt) {
	for _, r := range n.Results {
		if id, ok := r.(*ast.Ident); ok && (id.Name == "true" || id.Name == "false") {
			f.replace(r, "!"+id.Name, fmt.Sprintf("%q with !%s", f.text(n), id.Name))
		}
	}
}

// literal makes numbers one larger.
func (f *finder) literal(n *ast.BasicLit) {
	if n.Kind == token.INT {
		f.replace(n, "("+n.Value+"+1)", fmt.Sprintf("%s is %s+1", n.Value, n.Value))
	}
}

func (f *finder) swap(pos token.Pos, from, to token.Token, in ast.Node) {
	begin := f.fset.Position(pos).Offset
	f.add(pos, begin, begin+len(from.String()), to.String(), fmt.Sprintf("%q with %s for %s", f.text(in), to, from))
}

func (f *finder) replace(n ast.Node, text, what string) {
	f.add(n.Pos(), f.fset.Position(n.Pos()).Offset, f.fset.Position(n.End()).Offset, text, what)
}

func (f *finder) add(pos token.Pos, begin, end int, text, what string) {
	id := f.fn + what
	f.count[id]++
	f.found = append(f.found, &mutant{file: f.file, line: f.fset.Position(pos).Line, fn: f.fn, what: what,
		nth: f.count[id], begin: begin, end: end, text: text})
}

// text is a node's source, on one line and not too long.
func (f *finder) text(n ast.Node) string {
	if _, ok := n.(ast.Expr); ok {
		return string(f.src[f.fset.Position(n.Pos()).Offset:f.fset.Position(n.End()).Offset])
	}
	var b bytes.Buffer
	if err := printer.Fprint(&b, f.fset, n); err != nil {
		return fmt.Sprintf("%T", n)
	}
	s := strings.Join(strings.Fields(b.String()), " ")
	if r := []rune(s); len(r) > 60 {
		s = string(r[:57]) + "..."
	}
	return s
}
