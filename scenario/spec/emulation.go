package spec

import (
	"fmt"

	"github.com/ioverlay/ioverlay/core/emul"
)

// Emulation is the bandwidth as package core emulates it.
func (b NodeBandwidth) Emulation() emul.Bandwidth {
	return emul.Bandwidth{Total: emul.Rate(b.Total), Up: emul.Rate(b.Up), Down: emul.Rate(b.Down)}
}

// Emulation is the link as package core emulates it.
func (s LinkState) Emulation() emul.Link {
	l := emul.Link{Rate: emul.Rate(s.Rate), Latency: s.Latency, Loss: s.Loss, Pipe: int64(s.InFlight), Cut: s.Cut}
	if s.Spread > 0 {
		d, err := emul.ParseDistribution(s.Jitter)
		if err != nil {
			panic(fmt.Sprintf("spec: a link was read with a jitter that there is not: %v", err))
		}
		l.Jitter = emul.Jitter{Dist: d, Spread: s.Spread}
	}
	l.Jitter.Correlation = s.Correlation // without a spread a fault, which Check finds
	return l
}

// defaultLink is what undeclared links can carry.
func (r *resolver) defaultLink() {
	if l := r.f.DefaultLink; l != nil {
		l.apply(&r.plan.DefaultLink, r.rng(streamDefaultLink))
		r.emulable(l.Span, r.plan.DefaultLink.Emulation())
	}
}

// emulable reports what cannot be emulated.
func (d *decoder) emulable(at Span, e interface{ Check() error }) {
	if err := e.Check(); err != nil {
		d.report(at, "", "%v", err)
	}
}
