package spec

import (
	"fmt"
	"strconv"
	"strings"
)

// Names of nodes: a letter, then letters, digits and underscores. A..G and
// n1..n100 are ranges, and "all" is everybody.

// maxNodes bounds a scenario.
const maxNodes = 100_000

// NodeSet names nodes, in order: "A", "A..C, G", "all".
type NodeSet struct {
	Span  Span
	Parts []NodeRange
}

// NodeRange is one name, a range of names, or all nodes.
type NodeRange struct {
	Span  Span
	Names []string
	All   bool
}

func (v *NodeSet) read(d *decoder, t *tree) {
	v.Span = t.at
	if t.shape == shapeList {
		for _, item := range t.items {
			var one NodeSet
			one.read(d, item)
			v.Parts = append(v.Parts, one.Parts...)
		}
		return
	}
	p := d.phrase(t)
	*v = p.nodes()
	v.Span = t.at
	p.end()
}

// nodes reads names separated by commas.
func (p *phrase) nodes() (v NodeSet) {
	count := 0
	for !p.broken {
		r := p.nodeRange()
		if count += len(r.Names); count > maxNodes {
			p.fail(r.Span, "", "these are more than %d nodes", maxNodes)
		}
		v.Parts = append(v.Parts, r)
		if !p.accept(",") {
			break
		}
	}
	return v
}

func (p *phrase) nodeRange() (r NodeRange) {
	w := p.name()
	r.Span = w.at
	switch {
	case p.broken:
	case w.text == "all":
		r.All = true
	case p.accept(".."):
		last := p.name()
		if p.broken {
			return r
		}
		r.Span.Len = last.at.Col + last.at.Len - w.at.Col
		names, wrong := rangeOf(w.text, last.text)
		if wrong != "" {
			p.fail(r.Span, "A range is like A..G or n1..n100.", "%s", wrong)
		}
		r.Names = names
	default:
		r.Names = []string{w.text}
	}
	return r
}

func (p *phrase) name() word {
	w := p.take()
	if w.kind != kindWord {
		p.fail(w.at, "", "the name of a node belongs here, not %s", w.quoted())
	}
	return w
}

// rangeOf lists the names between two: single letters, or one word with numbers.
func rangeOf(first, last string) (names []string, wrong string) {
	if len(first) == 1 && len(last) == 1 {
		if first[0] > last[0] || isUpper(first[0]) != isUpper(last[0]) {
			return nil, fmt.Sprintf("the range %s..%s has no first and last", first, last)
		}
		for c := first[0]; c <= last[0]; c++ {
			names = append(names, string(c))
		}
		return names, ""
	}
	stem, from, ok1 := numbered(first)
	stem2, to, ok2 := numbered(last)
	switch {
	case !ok1 || !ok2 || stem != stem2:
		return nil, fmt.Sprintf("%s..%s is no range", first, last)
	case from > to:
		return nil, fmt.Sprintf("the range %s..%s ends before it begins", first, last)
	case to-from >= maxNodes:
		return nil, fmt.Sprintf("the range %s..%s has more than %d nodes", first, last, maxNodes)
	}
	for i := from; i <= to; i++ {
		names = append(names, stem+strconv.Itoa(i))
	}
	return names, ""
}

// numbered splits n12 into n and 12. A number does not begin with 0 unless it is 0.
func numbered(name string) (stem string, n int, ok bool) {
	stem = strings.TrimRight(name, "0123456789")
	digits := name[len(stem):]
	n, err := strconv.Atoi(digits)
	return stem, n, err == nil && strconv.Itoa(n) == digits && stem != ""
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// LinkSet names links: "A -> B, C" is two, "A -> B -> C" is two, "A <-> B" is one
// each way.
type LinkSet struct {
	Span  Span
	Hops  []Hop
	Every bool // "all": every link that there is
}

// Hop is a link from each node of one set to each of another.
type Hop struct {
	Span     Span
	From, To NodeSet
	Both     bool
}

func (v *LinkSet) read(d *decoder, t *tree) {
	p := d.phrase(t)
	*v = p.links()
	v.Span = t.at
	p.end()
}

func (p *phrase) links() (v LinkSet) {
	from := p.nodes()
	if len(from.Parts) == 1 && from.Parts[0].All && p.peek().kind == kindEnd {
		v.Every = true
		return v
	}
	if !p.is("->") && !p.is("<->") {
		p.fail(p.peek().at, "A link is like A -> B, and A <-> B is one each way.", "an arrow belongs here, not %s", p.peek().quoted())
	}
	for p.is("->") || p.is("<->") {
		arrow := p.take()
		to := p.nodes()
		v.Hops = append(v.Hops, Hop{Span: arrow.at, From: from, To: to, Both: arrow.text == "<->"})
		from = to
	}
	return v
}
