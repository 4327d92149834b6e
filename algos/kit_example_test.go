package algos_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Join goes from node to node until its TTL is used up.
type Join struct {
	Who   core.NodeID
	TTL   uint8
	Peers []core.NodeID
}

// Fields implements pack.Body: it writes and reads.
func (j *Join) Fields(f *pack.Fields) {
	f.Node(&j.Who)
	f.Uint8(&j.TTL)
	f.Nodes(&j.Peers)
}

// Value is a question for a key, and its answer.
type Value struct {
	Key  string
	N    uint64
	Have bool
}

// Fields implements pack.Body.
func (v *Value) Fields(f *pack.Fields) { f.String(&v.Key); f.Uint64(&v.N); f.Bool(&v.Have) }

const (
	typeJoin = wire.FirstUserType + iota
	typeValue
)

// Store has no Process of its own.
type Store struct {
	algos.Base
	values map[string]uint64
	down   []core.NodeID // that did not answer
}

// Bind implements core.Algorithm.
func (s *Store) Bind(n *core.Node) {
	s.Base.Bind(n)
	algos.On(&s.Base, typeJoin, s.joined)
	algos.Answer(&s.Base, typeValue, s.value)
	s.OnUp(func() { s.Every(time.Second, s.check) })
}

// joined takes a node in and passes the news on.
func (s *Store) joined(m *core.Msg, j *Join) {
	if s.AddHost(j.Who); j.TTL > 0 {
		j.TTL--
		for _, peer := range s.Sample(2, j.Who, m.From()) {
			s.Post(peer, typeJoin, j)
		}
	}
}

// value answers a question.
func (s *Store) value(_ *core.Msg, q *Value) *Value {
	n, have := s.values[q.Key]
	return &Value{Key: q.Key, N: n, Have: have}
}

// check asks somebody, and forgets who is not there.
func (s *Store) check() {
	for _, peer := range s.Sample(1) {
		algos.Ask(&s.Base, peer, typeValue, &Value{Key: "k"}, 500*time.Millisecond, func(v *Value, err error) {
			switch {
			case errors.Is(err, algos.ErrTimeout), errors.Is(err, algos.ErrUnreachable):
				s.RemoveHost(peer)
				s.down = append(s.down, peer)
			case err == nil && v.Have:
				s.values[v.Key] = v.N
			}
		})
	}
}

func Example_kit() {
	w := sim.New(sim.Options{Seed: 1})
	stores := make([]*Store, 3)
	var ids []core.NodeID
	for i := range stores {
		stores[i] = &Store{values: make(map[string]uint64)}
		ids = append(ids, w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return stores[i] }).ID())
	}
	stores[0].values["k"] = 7
	stores[1].AddHost(ids[0])
	stores[2].AddHost(ids[1])
	w.Schedule(sim.Fault{At: 10 * time.Second, Kind: sim.Crash, Nodes: []string{"n1"}})
	if err := w.RunFor(20 * time.Second); err != nil {
		log.Fatal(err)
	}
	fmt.Println("n2 has", stores[2].values["k"], "and knows", len(stores[2].Known()), "nodes")
	fmt.Println("n1 did not answer:", len(stores[2].down) == 1 && stores[2].down[0] == ids[1])
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// n2 has 7 and knows 0 nodes
	// n1 did not answer: true
}
