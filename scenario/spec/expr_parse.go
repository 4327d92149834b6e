package spec

import (
	"fmt"
	"slices"
)

// maxExprDepth bounds how deep formulas nest; it bounds this parser's stack.
const maxExprDepth = 40

func (v *Expectation) read(d *decoder, t *tree) {
	v.Span, v.Text = t.at, t.text
	p := d.phrase(t)
	v.left = p.sum(0)
	op := p.take()
	if !slices.Contains([]string{"=", "==", "!=", "<", "<=", ">", ">="}, op.text) {
		p.fail(op.at, "Compare two things with =, !=, <, <=, > or >=.", "a comparison belongs here, not %s", op.quoted())
	}
	v.op = op.text
	if v.op == "==" {
		v.op = "="
	}
	v.right = p.sum(0)
	if !p.broken && !v.left.dimension().fits(v.right.dimension()) {
		p.fail(op.at, "", "%v cannot be compared with %v", v.left.dimension(), v.right.dimension())
	}
	p.tolerance(v)
	p.within(v)
	p.window(v)
	p.end()
}

func (p *phrase) tolerance(v *Expectation) {
	sign := p.peek()
	if !p.accept("±") && !p.accept("+-") {
		return
	}
	if v.op != "=" && v.op != "!=" {
		p.fail(sign.at, "Use it with =.", "a tolerance has no meaning with %s", v.op)
	}
	at := p.peek().at
	q := p.quantity(dimNumber)
	percent := p.ws[p.pos-1].text == "%"
	v.tolerance, v.relative = q, percent
	if !p.broken && !percent && !q.dim.fits(v.dimension()) {
		p.fail(at, "Write a share such as ± 2%, or a value with the unit of what is compared.", "the tolerance is %v, and %v is compared", q.dim, v.dimension())
	}
}

func (p *phrase) window(v *Expectation) {
	w := p.peek()
	win := &v.window
	win.ToEnd = true
	switch {
	case p.accept("between"):
		win.From = seconds(p.of(dimTime))
		p.expect("and")
		win.To, win.ToEnd = seconds(p.of(dimTime)), false
		if !p.broken && win.From >= win.To {
			p.fail(w.at, "", "the time between %v and %v is none", win.From, win.To)
		}
	case p.accept("after"):
		win.From = seconds(p.of(dimTime))
	case p.accept("before"):
		win.To, win.ToEnd = seconds(p.of(dimTime)), false
		if !p.broken && win.To == 0 {
			p.fail(w.at, "", "there is no time before 0s")
		}
	case p.accept("at"):
		win.To, win.ToEnd, win.At = seconds(p.of(dimTime)), false, true
		v.calls(func(c *call) {
			if c.measure.Kind == RateMeasure {
				p.fail(w.at, "Use between, after or before.", "%s is a rate, and takes time", c.measure.Name)
			}
		})
	default:
		return
	}
	win.Given = true
}

func (p *phrase) sum(depth int) expr {
	x := p.product(depth)
	for !p.broken && (p.is("+") || p.is("-")) {
		op := p.take()
		y := p.product(depth)
		if !p.broken && !x.dimension().fits(y.dimension()) {
			p.fail(op.at, "", "%v and %v cannot be added", x.dimension(), y.dimension())
		}
		x = binary{op.text, x, y}
	}
	return x
}

func (p *phrase) product(depth int) expr {
	x := p.factor(depth)
	for !p.broken && (p.is("*") || p.is("/")) {
		op := p.take()
		x = binary{op.text, x, p.factor(depth)}
		if d := x.dimension(); max(d.bytes, d.seconds) > 8 || min(d.bytes, d.seconds) < -8 {
			p.fail(op.at, "", "this has no unit that anybody would know")
		}
	}
	return x
}

// factor reads what stands between operators. After a mistake it returns a
// constant, so that no formula has a hole.
func (p *phrase) factor(depth int) expr {
	w := p.peek()
	if depth > maxExprDepth {
		p.fail(w.at, "", "the formula is nested more than %d deep", maxExprDepth)
	}
	if p.broken {
		return constant{}
	}
	switch {
	case w.kind == kindNumber:
		return constant{p.quantity(dimNumber)}
	case p.accept("-"):
		return negative{p.factor(depth + 1)}
	case p.accept("("):
		x := p.sum(depth + 1)
		p.expect(")")
		return x
	case w.kind == kindWord:
		p.take()
		if q, ok := percentile(w.text); ok || slices.Contains(aggregates, w.text) {
			p.expect("(")
			x := p.sum(depth + 1)
			p.expect(")")
			return aggregate{w.text, q, x}
		}
		return p.call(w)
	}
	p.fail(w.at, "", "a number or a measure such as throughput(A) belongs here, not %s", w.quoted())
	return constant{}
}

func (p *phrase) call(w word) expr {
	c := &call{at: w.at}
	m, ok := measureNamed(w.text)
	if !ok {
		known := append(slices.Clone(aggregates), "p50", "p95", "p99")
		for _, m := range Measures {
			known = append(known, m.Name)
		}
		do := suggest(w.text, known)
		if do == "" {
			do = fmt.Sprintf("Known here: %v.", known)
		}
		p.fail(w.at, do, "nothing called %q is measured", w.text)
		return c
	}
	c.measure = m
	p.expect("(")
	if m.Kind == OwnMeasure {
		c.measure.Metric = p.metricName()
		if p.accept(",") && p.is(")") {
			p.fail(p.peek().at, "", "the name of a node belongs here, not \")\"")
		}
	}
	for !p.broken && !p.is(")") {
		p.argument(c)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	p.checkCall(c)
	return c
}

func (p *phrase) argument(c *call) {
	if p.is("app") && p.peekSecond().kind == kindWord {
		p.take()
		w := p.take()
		if c.app != "" {
			p.fail(w.at, "", "a measure is of one application or of all")
		}
		c.app, c.appAt = w.text, w.at
		return
	}
	from := p.nodeRange()
	if !p.is("->") && !p.is("<->") {
		c.nodes = append(c.nodes, from)
		return
	}
	arrow := p.take()
	to := p.nodeRange()
	c.hops = append(c.hops, Hop{Span: arrow.at, From: NodeSet{Parts: []NodeRange{from}}, To: NodeSet{Parts: []NodeRange{to}}, Both: arrow.text == "<->"})
}

// checkCall holds the arguments against what the measure is of.
func (p *phrase) checkCall(c *call) {
	m := c.measure
	switch {
	case p.broken:
	case len(c.nodes) > 0 && len(c.hops) > 0:
		p.fail(c.at, "", "a measure is of nodes or of links, not of both")
	case len(c.hops) > 0 && m.Scope&OfLinks == 0:
		p.fail(c.at, "", "%s is measured of nodes, not of links", m.Name)
	case c.app != "" && m.Scope&ByApp == 0:
		p.fail(c.appAt, "", "%s is not measured by application", m.Name)
	case len(c.nodes) == 0 && len(c.hops) == 0 && m.Scope&OfAll == 0:
		p.fail(c.at, fmt.Sprintf("Write %s(A), or sum(%s(all)).", m.Name, m.Name), "%s of what?", m.Name)
	}
}
