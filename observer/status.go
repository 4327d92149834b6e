package observer

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/metric"
	"github.com/ioverlay/ioverlay/record"
)

// reported takes the answer to a request.
func (o *Observer) reported(m *core.Msg) {
	id := m.From()
	mem, c, rep := o.byID[id], o.candidates.at[id], o.reporterByID[id]
	asked := uint64(0)
	switch {
	case rep != nil:
		asked = rep.asked
	case mem != nil:
		asked = mem.asked
	case c != nil:
		asked = c.asked
	}
	if asked == 0 || m.Seq() != asked {
		o.counts.Stray++ // not even read: who floods has the work
		return
	}
	s, err := algos.ParseStatus(m)
	if err != nil {
		o.counts.Malformed++
		switch { // one answer for a request
		case rep != nil:
			rep.asked = 0
		case mem != nil:
			mem.asked = 0
		}
		return
	}
	if s.Node != id {
		o.counts.Stray++
		return
	}
	if s.Shared != nil || rep != nil {
		o.reportedShared(rep, mem, c, &s)
		return
	}
	greet := false
	if mem == nil {
		if s.Delta != nil {
			o.counts.Malformed++ // of what?
			return
		}
		greet = !c.greeted
		o.candidates.remove(c)
		if mem = o.admit(id); mem == nil {
			return
		}
		mem.session = asked
	}
	mem.asked, mem.silent = 0, 0
	is := o.whole(mem, &s)
	if is == nil {
		o.counts.Malformed++
		return
	}
	o.counts.Reports++
	greet = greet || mem.greet
	came := o.came(mem)
	o.provenBy(mem, s.Via)
	o.take(mem, is, came)
	if greet {
		o.greet(id)
	}
}

// came takes note that a node is up, and reports whether it was not.
func (o *Observer) came(m *member) bool {
	came := !m.up
	o.rise(m)
	if came {
		m.shown.Since = record.Field[float64]{} // so that it is told again
	}
	return came
}

// whole is a node's report with what has not changed; nil if it changes one that is not there. The next is whole then.
func (o *Observer) whole(m *member, s *algos.Status) *algos.Status {
	switch {
	case m.via != nil:
		if s.Delta != nil {
			return nil
		}
		return s // its reporter's are another row
	case s.Delta == nil:
		m.base = nil
		if s.Number != 0 {
			m.base = s
		}
		return s
	case m.base == nil || s.Delta.Base != m.base.Number || s.Delta.Apply(m.base, s.Now) != nil:
		m.base = nil
		return nil
	}
	m.base.Number = s.Number
	return m.base
}

// take shows what a report says.
func (o *Observer) take(m *member, s *algos.Status, came bool) {
	is := record.Node{
		I: m.index, ID: record.Set(m.id.String()), Up: record.Set(true), Since: m.shown.Since,
		Name: text(s.Name, maxName), Group: text(s.Group, maxName), Algorithm: text(s.Algorithm, maxName),
		In: record.Number(s.InRate), Out: record.Number(s.OutRate), Held: record.Number(s.Held),
		Lost: record.Lost{
			Out: record.Set(record.Pair{float64(s.LostOut.Msgs), float64(s.LostOut.Bytes)}),
			In:  record.Set(record.Pair{float64(s.LostIn.Msgs), float64(s.LostIn.Bytes)}),
		},
	}
	if came {
		is.Since = record.Set(o.now().Seconds())
	}
	if name, ok := is.Name.Get(); ok {
		o.named(m, name)
	} else {
		o.named(m, "")
	}
	if p := s.Place; p != nil && math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 180 { // false for NaN
		is.Place = record.Place{Lat: record.Set(p.Lat), Lon: record.Set(p.Lon), Label: text(p.Label, maxName)}
	}
	if c := s.Caps; c != nil {
		is.Caps = record.Caps{Total: record.Number(max(c.Total, 0)), Up: record.Number(max(c.Up, 0)), Down: record.Number(max(c.Down, 0))}
	}
	o.process(m, s, &is)
	is.Metrics = metrics(s.Metrics)
	is.Extra = extra(s)
	queuedMsgs, queuedBytes := 0.0, 0.0
	for i := range s.Downstream {
		if d := &s.Downstream[i]; d.App != 0 || o.byID[d.To] != nil { // what waits for an observer is not the overlay's
			queuedMsgs += float64(max(d.QueuedMsgs, 0)) + float64(max(d.Waiting, 0))
			queuedBytes += float64(max(d.QueuedBytes, 0))
		}
	}
	is.Queued = record.Queued{Msgs: record.Set(queuedMsgs), Bytes: record.Set(queuedBytes)}
	is.Apps = o.apps(s)
	o.show(m, is)
	if came {
		o.happened(record.EventUp, m, "")
	}
	o.news(m, is.Apps)
	o.states(m, s.States)
	o.takeLinks(m, s)
}

// text is a text as a field; one that is empty is missing.
func text(s string, most int) record.Field[string] {
	if s = clean(s, most); s == "" {
		return record.Field[string]{}
	}
	return record.Set(s)
}

// process is what the node's process has used.
func (o *Observer) process(m *member, s *algos.Status, is *record.Node) {
	if m.via != nil {
		is.Process = m.via.process
		return
	}
	p := s.Process
	if p == nil {
		return
	}
	is.Process = processOf(p, m.shown.Process.CPU)
	if gone := s.Now - m.cpuAt; p.PID == m.pid && p.CPU >= m.cpu && gone > 0 {
		// In whole thousandths: it is a mean over a poll, and not to be told anew for less.
		is.Process.CPU = record.Set(math.Round(1000*float64(p.CPU-m.cpu)/float64(gone)) / 1000)
	}
	m.pid, m.cpu, m.cpuAt = p.PID, p.CPU, s.Now
}

// processOf is what a process has used, but for its share of processors.
func processOf(p *algos.StatusProcess, cpu record.Field[float64]) record.Process {
	is := record.Process{
		PID: record.Number(p.PID), Host: text(p.Host, maxName), RSS: record.Number(max(p.RSS, 0)), Goroutines: record.Number(max(p.Goroutines, 0)), CPU: cpu,
	}
	if p.FDs > 0 {
		is.FDs = record.Number(p.FDs)
	}
	return is
}

func metrics(of map[string]float64) (list []record.Metric) {
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if len(list) == maxMetrics {
			break
		}
		if v := of[name]; metric.ValidName(name) && !math.IsNaN(v) && !math.IsInf(v, 0) {
			list = append(list, record.Metric{Name: name, Value: record.Set(v)})
		}
	}
	return list
}

// extra is what the algorithm adds.
func extra(s *algos.Status) record.Field[record.JSON] {
	if len(s.Extra) == 0 || len(s.Extra) > maxExtra {
		return record.Field[record.JSON]{}
	}
	var v any
	if s.DecodeExtra(&v) != nil {
		return record.Field[record.JSON]{}
	}
	text := asJSON(v, maxExtra)
	if text == "" {
		return record.Field[record.JSON]{}
	}
	return record.Set(record.JSON(text))
}

func countOf(n int, of string) string {
	if n == 1 {
		return "one " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
