package scenario

import (
	"fmt"

	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// sendsNoted bounds how many sends of the timeline are among the events of a run: those
// that repeat may be very many, and charts and files have all of them.
const sendsNoted = 1000

// send gives a message of the timeline to the algorithms of nodes.
func (d *driver) send(s spec.Step) error {
	for _, i := range s.Nodes {
		if !d.nodes[i].running {
			d.noteSend(fmt.Sprintf("%s is not sent to %s, which does not run", s.Send.Name, d.plan.Nodes[i].Name), nil)
			continue
		}
		if err := d.obey(i, host.Command{Op: host.OpSend, Message: s.Send}); err != nil {
			return err
		}
	}
	return nil
}

// noteSend keeps an event about a send, as long as there is room for them.
func (d *driver) noteSend(what string, of []string) {
	switch d.sends++; {
	case d.sends < sendsNoted:
		d.out.Events = append(d.out.Events, result.Event{At: d.w.Now(), What: what, Of: of})
	case d.sends == sendsNoted:
		d.event(d.w.Now(), fmt.Sprintf("what is sent from here on is not among the events: there are %d already", sendsNoted))
	}
}

// sent says what a step sends.
func (d *driver) sent(s spec.Step) {
	of := d.things(s)
	what := fmt.Sprintf("send %s to %s", s.Send.Name, abbreviated(of))
	if len(of) == 0 {
		what = fmt.Sprintf("%s is sent to nobody: no node of those that it is for is up", s.Send.Name)
	}
	d.noteSend(what, of)
}
