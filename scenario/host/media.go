package host

import (
	"fmt"

	"github.com/ioverlay/ioverlay/apps"
	live "github.com/ioverlay/ioverlay/apps/stream"
	"github.com/ioverlay/ioverlay/core"
)

// newMedia is a source of synthetic media, in messages of the payload that the scenario says, which has been checked.
func newMedia(s apps.Stream, rate float64) *live.SyntheticSource {
	return live.NewSynthetic(live.SourceOptions{App: s.App, Packets: (s.Payload - live.HeaderLen) / live.PacketLen}, rate, s.Limit)
}

// player plays the media of an application, and holds them against what their source made.
type player struct {
	*live.Sink
	fault error // the first: Invariant
}

// newPlayers are those of a node. They need an algorithm that passes data on as it is.
func newPlayers(r *Registry, s Setup) (all []*player, err error) {
	for _, a := range s.Apps {
		if !a.Media {
			continue
		}
		if len(r.Data(s.Algorithm)) > 0 {
			return nil, fmt.Errorf("host: the application %s is media, and the algorithm %q carries data in messages of its own: use one that passes data on as it is, such as tree", a.Name, s.Algorithm)
		}
		p := &player{}
		delay := a.Delay
		if delay == 0 {
			delay = -1 // none
		}
		p.Sink = live.NewSink(live.SinkOptions{App: a.ID, Delay: delay, Out: func(packets []byte) { p.look(a.Name, packets) }})
		all = append(all, p)
	}
	return all, nil
}

// look checks what is played.
func (p *player) look(app string, packets []byte) {
	for at := 0; at < len(packets) && p.fault == nil; at += live.PacketLen {
		if index, whole := live.CheckSynthetic(packets[at : at+live.PacketLen]); !whole {
			p.fault = fmt.Errorf("a transport packet of application %s, number %d by its own word, is not what its source made", app, index)
		}
	}
}

// see hands the players what comes to the node, and reports whether it is for nobody else.
func (h *Host) see(m *core.Msg) bool {
	for _, p := range h.players {
		if p.See(h.node, m) {
			return true
		}
	}
	return false
}

// watched adds to what an algorithm says of itself that all media that were played, and all files that came, are what their source made.
type watched struct {
	of        Invariant // the algorithm's; nil if it has none
	players   []*player
	receivers []*receiver
}

// Invariant implements Invariant.
func (w *watched) Invariant() error {
	for _, p := range w.players {
		if p.fault != nil {
			return p.fault
		}
	}
	for _, r := range w.receivers {
		if r.fault != nil {
			return r.fault
		}
	}
	if w.of == nil {
		return nil
	}
	return w.of.Invariant()
}
