package spec

// Expectations about messages that are followed from their source on: latency(C), hops(C)
// and coverage(app a) >= 99% within 2s.

// followsMessages reports whether a measure is of messages that are followed.
func (m *Measure) followsMessages() bool {
	return m.Kind == MessageMeasure || m.Kind == CoverageMeasure
}

const notFollowed = "no messages were followed: add record: {deliveries: true}"

// within reads in which time a message must have reached the nodes.
func (p *phrase) within(v *Expectation) {
	w := p.peek()
	if !p.accept("within") {
		return
	}
	at := p.peek().at
	time, covered := seconds(p.of(dimTime)), false
	v.calls(func(c *call) {
		if c.measure.Kind == CoverageMeasure {
			c.within, covered = time, true
		}
	})
	switch {
	case p.broken:
	case !covered:
		p.fail(w.at, "Write coverage(app a) >= 99% within 2s, or latency(C) <= 2s.", "\"within\" belongs to coverage, and there is none here")
	case time <= 0:
		p.fail(at, "", "no message is anywhere within 0s")
	}
}

// coverage is one share for all targets together.
func (x *call) coverage(e *evaluation) vector {
	from, to := e.span()
	share, messages := e.r.Coverage(x.targets, x.appID, x.within, from, to)
	switch {
	case !e.r.Following():
		share = e.undefined(notFollowed)
	case messages == 0:
		share = e.undefined("no message was followed for long enough")
	}
	return vector{v: []float64{share}}
}

// follows reports whether an expectation is about messages that are followed.
func (v *Expectation) follows() (does bool) {
	v.calls(func(c *call) { does = does || c.measure.followsMessages() })
	return does
}
