package host

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Env is what an algorithm is made for.
type Env struct {
	Name        string        // the node's, in the scenario
	Downstreams []core.NodeID // that the scenario has a link to, in the order of the links
	Upstreams   []core.NodeID // that the scenario has a link from
	Contacts    []core.NodeID // whom the node knows when it starts (bootstrap); of an algorithm that embeds algos.Base they are known hosts
	Sources     []uint32      // applications of which the scenario has a source at this node, some time
	Apps        []App         // all applications of the scenario
	Params      spec.Params   // every parameter, defaults included
	// Delivered tells the host that a message of a source at another node is here, put together of messages
	// in which it came coded: it counts as distinct, and for latency and coverage. It is nil for
	// algorithms that are made without a host.
	Delivered func(maker core.NodeID, app uint32, seq uint64)
	// Take, if set, is handed what was put together so: the payload of a message, valid until it returns. It is for applications whose
	// payloads say themselves what they are (package apps/file); with nil, an algorithm holds them against the stamps of package apps.
	Take func(n *core.Node, maker core.NodeID, app uint32, payload []byte)
}

// App is an application of a scenario.
type App struct {
	Name  string        `json:"name"`
	ID    uint32        `json:"id"`
	Media bool          `json:"media,omitempty"`    // every node that gets it plays it (package apps/stream)
	Delay time.Duration `json:"delay_ns,omitempty"` // of playing media
	File  bool          `json:"file,omitempty"`     // every node that gets it receives it (package apps/file)
}

// Algorithm is one that scenarios can name.
type Algorithm struct {
	Name   string
	Params []spec.Param
	New    func(Env) (core.Algorithm, error)
	// Types are names for types of its messages, for send events of scenarios: from
	// 256 to wire.MaxType, since those below are the engine's.
	Types map[string]core.Type
	// Data are types of its messages that carry an application's data in another form: links count
	// them as data (throughput, goodput, received). What comes of them is told by Env.Delivered.
	Data []core.Type
}

// Registry is the algorithms that scenarios can name. Make it with [Shipped], add
// your own, and hand it to scenario.Run.
type Registry struct{ all []Algorithm }

// Shipped are the algorithms that come with iOverlay.
func Shipped() *Registry {
	r := &Registry{}
	r.Add(Algorithm{Name: "relay", New: func(e Env) (core.Algorithm, error) {
		return relay.New(nil, e.Downstreams...), nil
	}})
	r.Add(newGossip())
	r.Add(newChord())
	r.Add(newCyclon())
	r.Add(newHyparview())
	r.Add(newMesh())
	r.Add(newPlumtree())
	r.Add(newMulticast())
	r.Add(newWindow())
	r.Add(newSwim())
	r.Add(newSFlow())
	r.Add(newTree())
	return r
}

// Add adds an algorithm. A name that is taken, an algorithm without a name or a
// way to make it, or a name for a type that is not its own, is a programmer's mistake.
func (r *Registry) Add(a Algorithm) {
	if a.Name == "" || a.New == nil || r.find(a.Name) >= 0 {
		panic(fmt.Sprintf("host: an algorithm needs a name of its own and New; %q has not", a.Name))
	}
	a.checkTypes()
	r.all = append(r.all, a)
	slices.SortFunc(r.all, func(a, b Algorithm) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
}

func (r *Registry) find(name string) int {
	return slices.IndexFunc(r.all, func(a Algorithm) bool { return a.Name == name })
}

// Names implements spec.Algorithms.
func (r *Registry) Names() (names []string) {
	for _, a := range r.all {
		names = append(names, a.Name)
	}
	return names
}

// Params implements spec.Algorithms.
func (r *Registry) Params(name string) ([]spec.Param, bool) {
	i := r.find(name)
	if i < 0 {
		return nil, false
	}
	return r.all[i].Params, true
}

// Data are the types of an algorithm that carry an application's data in another form; none if it passes data messages on as they are.
func (r *Registry) Data(name string) []core.Type {
	if i := r.find(name); i >= 0 {
		return r.all[i].Data
	}
	return nil
}

// Make makes an algorithm by name. The parameters of the environment are all there are.
func (r *Registry) Make(name string, e Env) (core.Algorithm, error) {
	i := r.find(name)
	if i < 0 {
		return nil, fmt.Errorf("host: there is no algorithm %q", name)
	}
	a, err := guarded(r.all[i].New, e)
	if err != nil {
		return nil, fmt.Errorf("host: make the algorithm %q of node %s: %w", name, e.Name, err)
	}
	return a, nil
}

// guarded calls New. There is no node yet that a panic could end, so it is an error.
func guarded(create func(Env) (core.Algorithm, error), e Env) (a core.Algorithm, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("New panicked: %v\n%s", v, debug.Stack())
		}
	}()
	a, err = create(e)
	if err == nil && a == nil {
		err = errors.New("New returned neither an algorithm nor an error")
	}
	return a, err
}

// outOfRange is the error of a parameter whose kind allows more than the algorithm.
func outOfRange(name string, value any, want string) error {
	return fmt.Errorf("the parameter %s is %v: want %s", name, value, want)
}
