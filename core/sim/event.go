package sim

import "time"

// event is one thing that happens at one time. Events are values: queues of them
// are rows in memory, and none is allocated.
type event struct {
	at   time.Duration
	ord  uint64 // the order among events of one time
	lane *lane  // whose event it is; nil for those of the world
	arg  uint32 // runs that arrive, or an index: of a timer, a call, a node
	kind eventKind
}

type eventKind uint8

const (
	evArrive  eventKind = iota // arg runs have crossed the lane
	evFin                      // the sender's end of the lane has reached the receiver
	evHangup                   // the receiver's end of the lane has reached the sender
	evSyn                      // a dial has reached its destination
	evAnswer                   // the answer has come back
	evDialEnd                  // a dial has waited long enough
	evTimer                    // timer arg is due
	evCall                     // call arg is due
	evSlow                     // node arg has time for another message
	evInject                   // the sources are asked
)

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.ord < o.ord
}
