package spec

import (
	"slices"
)

// Applications: which node has the source, what it sends, and when.

func (r *resolver) applications() {
	for i := range r.f.Applications {
		a := &r.f.Applications[i]
		at := a.Span
		app := App{Name: a.Name, ID: uint32(i + 1), Node: r.oneNode(a.At), Source: a.Source, Payload: defaultPayload, Until: r.plan.Duration}
		switch ws, ok := r.words(a.Name, at); {
		case !ok:
			continue
		case isReserved(a.Name):
			r.report(at, "Give it another name.", "%q has a meaning of its own in expectations, and cannot be the name of an application", a.Name)
		case len(ws) != 2 || ws[0].kind != kindWord:
			r.report(at, "", "%q is no name for an application: use a word", a.Name)
		case slices.ContainsFunc(r.plan.Apps, func(o App) bool { return o.Name == a.Name }):
			r.report(at, "", "there is an application %q already", a.Name)
		}
		if a.Rate != nil {
			app.Pace = *a.Rate
		}
		if a.Source == Media {
			app.Payload, app.Delay = mediaPayload, mediaDelay
			if a.Delay != nil {
				app.Delay = a.Delay.Duration
			}
		}
		if a.Source == WholeFile && a.Size != nil {
			app.Payload, app.Size = filePayload, a.Size.Bytes
		}
		if a.Payload != nil {
			app.Payload = a.Payload.Bytes
			if app.Payload > maxPayload {
				r.report(a.Payload.Span, "", "a message carries at most 1 MiB")
			}
		}
		if app.Pace.BytesPerSec > 0 {
			r.often(a.Rate.Span, app.Pace.BytesPerSec/float64(HeaderBytes+app.Payload))
		}
		if a.Messages != nil {
			app.Limit = uint64(a.Messages.N)
			if a.Messages.N == 0 {
				r.report(a.Messages.Span, "Leave the application out.", "a source that sends 0 messages is none")
			}
		}
		if a.From != nil {
			app.From = a.From.Duration
		}
		if a.Until != nil {
			app.Until = a.Until.Duration
			if app.Until > r.plan.Duration {
				r.report(a.Until.Span, "", "the run ends at %v, before this", r.plan.Duration)
			}
		}
		if app.From >= app.Until {
			r.report(at, "", "the source of %q would end before it begins", a.Name)
		}
		r.step(at, Step{At: app.From, Kind: StepStartApp, App: i})
		if app.Until < r.plan.Duration {
			r.step(at, Step{At: app.Until, Kind: StepStopApp, App: i})
		}
		r.plan.Apps = append(r.plan.Apps, app)
	}
}

// HeaderBytes is the length of a message's header, which rates of bytes include.
const HeaderBytes = 24

// maxPayload is the switch's default limit for a message.
const maxPayload = 1 << 20

// appNamed finds an application.
func (r *resolver) appNamed(name string, at Span) int {
	i := slices.IndexFunc(r.plan.Apps, func(a App) bool { return a.Name == name })
	if i < 0 {
		var names []string
		for _, a := range r.plan.Apps {
			names = append(names, a.Name)
		}
		r.report(at, suggest(name, names), "there is no application %q", name)
	}
	return i
}
