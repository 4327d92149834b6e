// Package swim is membership: every node has a list of all others that live. A. Das, I.
// Gupta, A. Motivala, "SWIM: Scalable weakly-consistent infection-style process group
// membership protocol", DSN 2002, with suspicion, incarnations and round-robin probing.
//
// Once a Period a node pings one member, each once in an order that is drawn anew when all
// have been. If there is no answer within Timeout it asks Helpers others to ping it, and if
// none of them has an answer by the end of the period, the member is suspected. A suspect that
// has not objected within Suspicion·ln(n+1) periods, nor answers a last ping then, is dead. What changes is told on pings and
// answers, by each node Spread·ln(n+1) times: no message is sent for it.
//
// # Messages
//
// All are requests on control lanes, with answers.
//
//	ping  are you there? With a target, it is the paper's ping-req: ping the target for me, and answer
//	      when it has answered (algos.Detector). It and its answers carry facts (a member, its incarnation and
//	      state) and a digest of all that the sender knows (algos.Talk)
//	pull  what do you know? Answered with a page of facts, from a number on (algos.Facts)
//
// # Use
//
// Make one with [New]. Contacts are the known hosts of [algos.Base] when the node starts (AddHost,
// or bootstrap in a scenario); one that lives is enough. State and OnChange say who is there.
// Figures: the gauge members (not held for dead, this node among them); the counters alive,
// suspect and dead, of members that came to be it; suspicions (this node's probes that failed),
// refutations (by this node, of what was said of it), unhelped (ping-reqs that were not answered as there were too many), and
// unprobed (probes of which this node could not send all, as it had algos.MaxCalls open, and which say nothing of their members).
//
// # Guarantees
//
//   - Completeness: every member that lives probes a crashed one within 2n-1 periods, n being the
//     members. The first does after e/(e-1) periods on average, whatever n is. All hold it for dead after
//     the time of suspicion and that of spreading, which grow with ln n.
//   - A node sends two messages a period on average, whatever n is, and up to 4·Helpers more for a
//     probe that fails, and a ping to each suspect that has not objected, with up to Facts.Most news each. Only who has missed some fetches n facts.
//   - A member that lives and can be reached is not held for dead for good: whoever sends it anything
//     says what it holds it for, and the member objects with a higher incarnation; every Reconnect
//     periods a node pings up to Helpers that it holds for dead.
//   - All that can reach each other agree in the end, whatever was lost: of two facts about a member
//     the same one holds everywhere, and who sees by the digest that it knows others than its peer, when
//     there is no news to wait for, fetches them.
//
// # Limits
//
// Members are not authenticated: one that lies about others, or gives a number near 1<<64 for an
// incarnation, is believed. A node that leaves is detected like one that has crashed. Nobody is
// forgotten: Facts.Max bounds all that ever were members, and those beyond it are Facts.Refused. A
// node that starts again at its address is the same member. A node whose links do not show
// that it is where it says (core.Msg.Proven), behind an address translation, is given no answer that is longer
// than its question, and so may hold others for suspects more often than they deserve.
//
// # Deviations from the paper
//
//   - A member that was held for dead comes back with a higher incarnation: the paper's
//     partitions do not heal.
//   - A newcomer is told of the others, and who has missed news gets them, by pulling; the paper
//     leaves both open.
//   - Nobody takes another's word for a death: it is a suspicion, and the member has as long to object as if this node had
//     found it. Else, when a partition has healed, each side would take over whom the other held for dead, by what it
//     fetches and by what has waited on links. The paper's Confirm overrides at once. As suspicions spread in as long
//     as deaths do, crashes are known no later, but to those who missed the suspicion.
//   - Links are connections: what the paper sends in datagrams may come late here, and is lost
//     with its link only, or where loss is emulated.
package swim

import (
	"errors"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

const typePing, typePull = wire.FirstAlgorithmType + 56, wire.FirstAlgorithmType + 57

// State is what a node is held for.
type State uint8

// States, in the order in which one overrides the other in the same incarnation.
const (
	Unknown State = iota // nothing was ever heard of it
	Alive
	Suspect
	Dead
)

// becomes are the names of the counters of changes to a state.
var becomes = [...]string{Alive: "alive", Suspect: "suspect", Dead: "dead"}

// What is known of a member is its incarnation, times 4, and its state.
const incarnation = 4

func state(v uint64) State         { return State(v & 3) }
func as(to State, v uint64) uint64 { return v&^3 | uint64(to) }
func isDead(f algos.Fact) bool     { return state(f.Value) == Dead }

// Swim is the algorithm of one node. Make it with New; fields may be changed before the
// node starts.
type Swim struct {
	algos.Base
	Period, Timeout   time.Duration // between two probes; for an answer without help, below Period
	Helpers           int           // how many others are asked to ping
	Spread, Suspicion int           // times ln(n+1): how often an update is told; for how many periods a suspect may object
	Reconnect         int           // periods between pings to as many that are held for dead
	Facts             algos.Facts   // what is known of all members, this node among them; Max and Most may be changed

	// OnChange is told of each member that comes to another state, of this node when it starts.
	OnChange func(member core.NodeID, now State)

	are        [Dead + 1]int // how many members are in each state
	suspicions map[core.NodeID]algos.Timer
	detector   algos.Detector[algos.Talk, *algos.Talk]
	probed     *algos.Probe // this period
	rounds     int
}

// New makes a node with parameters like those of the paper's experiments, at a period of a second.
func New() *Swim {
	return &Swim{Period: time.Second, Timeout: 300 * time.Millisecond, Helpers: 3, Spread: 3, Suspicion: 3, Reconnect: 10,
		Facts: algos.Facts{Max: 1 << 16, Most: 8}, OnChange: func(core.NodeID, State) {}}
}

// State is what a node is held for.
func (s *Swim) State(id core.NodeID) State { return state(s.Facts.Value(id)) }

// Live is how many members are not held for dead, this node among them.
func (s *Swim) Live() int { return s.are[Alive] + s.are[Suspect] }

// Bind implements core.Algorithm.
func (s *Swim) Bind(n *core.Node) {
	s.Base.Bind(n)
	s.SetIdleTimeout(10 * s.Period) // in a large group nobody is pinged again soon
	s.suspicions, s.Facts.Got = make(map[core.NodeID]algos.Timer), s.heard
	s.Facts.Open(&s.Base, typePull)
	s.learn(algos.Fact{Who: n.ID(), Value: as(Alive, incarnation)}, false)
	s.detector = algos.Detector[algos.Talk, *algos.Talk]{Base: &s.Base, Type: typePing, Timeout: s.Timeout, Within: s.Period}
	s.detector.Tell, s.detector.Heard = s.Facts.Tell, s.Facts.Heard
	s.detector.Helpers = func(silent core.NodeID) []core.NodeID {
		return s.Facts.Some(s.Helpers, func(f algos.Fact) bool { return s.isPeer(f) && f.Who != silent }).Who()
	}
	s.detector.Knows = func(target core.NodeID) bool { return s.State(target) != Unknown }
	s.detector.Unhelped = func() { s.Metric("unhelped").Add(1) }
	s.detector.Open()
	s.OnUp(s.start)
}

func (s *Swim) start() {
	for _, contact := range s.Known() { // dead before its first incarnation: whatever is heard of it overrides that
		s.Facts.Learn(algos.Fact{Who: contact, Value: as(Dead, 0)}, 0)
	}
	s.Rounds(s.Period, s.round)
}

// round is done once a Period. The first reconnects with contacts, though others may have found this node meanwhile: else parts
// that do not know each other wait.
func (s *Swim) round() {
	if s.rounds%s.Reconnect == 0 {
		s.reconnect()
	}
	s.rounds++
	s.probe()
}

// heard takes in what others say of a member. Whom they hold for dead is a suspect here first, for as long as any other: word of a
// death may have waited on a link, or come from the other side of a partition, and the member has to have time to object.
func (s *Swim) heard(f algos.Fact, fetched bool) {
	if isDead(f) && (s.State(f.Who) == Alive || s.State(f.Who) == Suspect) {
		f.Value, fetched = as(Suspect, f.Value), false // it is to be told, though who was fetched from knows it
	}
	s.learn(f, fetched)
}

// learn takes in what is known of a member, if that holds, and has it told to others, unless they know it.
func (s *Swim) learn(f algos.Fact, known bool) {
	held := s.Facts.Value(f.Who)
	if f.Value <= held {
		return
	}
	was, times := state(held), algos.LnTimes(s.Spread, s.Live())
	switch {
	case f.Who == s.ID() && was != Unknown: // it is not so, or was in an earlier life
		f.Value = as(Alive, f.Value+incarnation)
		s.Metric("refutations").Add(1)
	case known:
		times = 0
	}
	is := state(f.Value)
	if is == Unknown || !s.Facts.Learn(f, times) {
		return
	}
	s.suspicions[f.Who].Stop()
	if delete(s.suspicions, f.Who); is == Suspect {
		s.suspect(f, s.Period*time.Duration(algos.LnTimes(s.Suspicion, s.Live())))
	}
	s.are[was]--
	s.are[is]++
	s.Gauge("members").Set(float64(s.Live()))
	if was != is && f.Value >= incarnation {
		s.Metric(becomes[is]).Add(1)
		s.OnChange(f.Who, is)
	}
}

// suspect has a suspect die after a while, unless it answers a last ping, and so objects, for the word of it that goes round
// may not have come to it, or its objection not to here.
func (s *Swim) suspect(f algos.Fact, while time.Duration) {
	s.suspicions[f.Who] = s.AfterFunc(while, func() {
		s.detector.Ping(f.Who, func(err error) {
			if err == nil || errors.Is(err, algos.ErrTooManyCalls) {
				if s.Facts.Value(f.Who) == f.Value { // it has not objected, or nobody was asked
					s.suspect(f, s.Period)
				}
				return
			}
			s.learn(algos.Fact{Who: f.Who, Value: as(Dead, f.Value)}, false)
		})
	})
}

// probe judges the probe of the period that is over, and begins one of the next member.
func (s *Swim) probe() {
	s.probed.End()
	target := s.Facts.Next(s.isPeer)
	if target.Who.IsZero() {
		s.reconnect()
		return
	}
	s.probed = s.detector.Probe(target.Who, func(err error) {
		switch {
		case err == nil:
		case errors.Is(err, algos.ErrTooManyCalls): // that says something of this node, and nothing of the member
			s.Metric("unprobed").Add(1)
		default:
			s.Metric("suspicions").Add(1)
			s.learn(algos.Fact{Who: target.Who, Value: as(Suspect, target.Value)}, false)
		}
	})
}

// isPeer reports whether a member is to be pinged, or asked to ping.
func (s *Swim) isPeer(f algos.Fact) bool { return !isDead(f) && f.Who != s.ID() }

// reconnect pings some that are held for dead.
func (s *Swim) reconnect() {
	for _, dead := range s.Facts.Some(s.Helpers, isDead) {
		s.detector.Ping(dead.Who, func(error) {})
	}
}
