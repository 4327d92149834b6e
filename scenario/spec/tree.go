package spec

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A tree of the few shapes that the format needs, each with its place. Scalars stay
// the text that the file has: whether 400KBps is a rate is not for YAML to say.

type shape uint8

const (
	shapeNothing shape = iota // a key without a value
	shapeText
	shapeList
	shapeMap
)

func (s shape) String() string {
	return [...]string{"nothing", "a single value", "a list", "a mapping of keys to values"}[s]
}

type tree struct {
	shape shape
	at    Span
	text  string // of a text
	items []*tree
	keys  []*tree // of a map, with values beside
}

// limits of a file: a scenario of 10,000 nodes fits into a few lines, so what is
// larger is not one.
const (
	maxFileBytes = 4 << 20
	maxDepth     = 16
)

// parseTree reads YAML. It returns nil, and has reported why, if there is no tree.
func parseTree(r *reporter, src []byte) *tree {
	if len(src) > maxFileBytes {
		r.report(Span{1, 1, 1}, "", "the file has %d bytes; a scenario has at most %d", len(src), maxFileBytes)
		return nil
	}
	if !utf8.Valid(src) {
		r.report(Span{1, 1, 1}, "Save the file as UTF-8.", "the file is not UTF-8 text")
		return nil
	}
	file, err := parseYAML(src)
	if err != nil {
		r.yamlError(err)
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			r.report(spanOf(doc.Body), "Use a file for each.", "a file holds one scenario, and this is a second document")
			return nil
		default:
			body = doc.Body
		}
	}
	if body == nil {
		r.report(Span{1, 1, 1}, "It needs nodes, links, an algorithm and applications: see docs/scenario.md.", "the file is empty")
		return nil
	}
	return r.convert(body, 0)
}

// parseYAML guards against panics of the library on text that no editor writes.
func parseYAML(src []byte) (f *ast.File, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("this is not YAML that can be read: %v", v)
		}
	}()
	return parser.ParseBytes(src, 0)
}

func (r *reporter) yamlError(err error) {
	var y yaml.Error
	if !errors.As(err, &y) || y.GetToken() == nil {
		r.report(Span{1, 1, 1}, "", "%v", err)
		return
	}
	r.report(spanOfToken(y.GetToken()), "", "YAML: %s", y.GetMessage())
}

func spanOfToken(t *token.Token) Span {
	if t == nil || t.Position == nil {
		return Span{1, 1, 1}
	}
	return Span{t.Position.Line, t.Position.Column, max(1, utf8.RuneCountInString(t.Value))}
}

func spanOf(n ast.Node) Span { return spanOfToken(n.GetToken()) }

// convert turns a node into a tree; nil, and a report, if the format has no use
// for it.
func (r *reporter) convert(n ast.Node, depth int) *tree {
	if depth > maxDepth {
		r.report(spanOf(n), "", "values are nested more than %d deep", maxDepth)
		return nil
	}
	t := &tree{at: spanOf(n)}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.StringNode:
		t.shape, t.text = shapeText, n.Value
		if k := n.Token.Type; k == token.SingleQuoteType || k == token.DoubleQuoteType {
			t.at.Col++ // what is meant stands between the quotes
		}
	case *ast.LiteralNode:
		t.shape, t.text = shapeText, n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		t.shape, t.text = shapeText, n.GetToken().Value
	case *ast.SequenceNode:
		t.shape = shapeList
		for _, v := range n.Values {
			if item := r.convert(v, depth+1); item != nil {
				t.items = append(t.items, item)
			}
		}
	case *ast.MappingNode:
		t.shape = shapeMap
		r.convertMap(t, n.Values, depth)
	case *ast.MappingValueNode:
		t.shape = shapeMap
		r.convertMap(t, []*ast.MappingValueNode{n}, depth)
	default:
		r.report(spanOf(n), "Write the value out.", "anchors, aliases, tags and other special values of YAML are not used in scenarios")
		return nil
	}
	return t
}

func (r *reporter) convertMap(t *tree, values []*ast.MappingValueNode, depth int) {
	for i, v := range values {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			r.report(spanOf(v.Key), "", "a key is a word")
			continue
		}
		if i == 0 {
			t.at = spanOf(key)
		}
		value := r.convert(v.Value, depth+1)
		if value == nil {
			continue
		}
		if value.shape == shapeNothing {
			value.at = spanOf(key)
		}
		t.keys = append(t.keys, &tree{shape: shapeText, at: spanOf(key), text: key.Value})
		t.items = append(t.items, value)
	}
}
