package clitest

import (
	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario"
)

// hanging is an algorithm that does not return from one of its calls.
type hanging struct {
	algos.Base
	at string
}

func (h *hanging) hang(at string) {
	for h.at == at { // as long as the program lives
		h.at = at
	}
}

func (h *hanging) Bind(n *core.Node) {
	h.hang("bind")
	h.Base.Bind(n)
}

func (h *hanging) Process(m *core.Msg) core.Verdict {
	h.hang(m.Type().String())
	return h.Base.Process(m)
}

// AddHanging adds algorithms that do not return from one call at one node: "hanging-new" from being made, "hanging-bind" from Bind,
// and so on with types of messages. (*hanging).hang is on the stack then.
func AddHanging(r *scenario.Registry, node string, calls ...string) {
	for _, at := range calls {
		r.Add(scenario.Algorithm{Name: "hanging-" + at, New: func(e scenario.Env) (core.Algorithm, error) {
			h := new(hanging)
			if e.Name == node {
				h.at = at
			}
			h.hang("new")
			return h, nil
		}})
	}
}
