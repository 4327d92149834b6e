package cyclon_test

import (
	"github.com/ioverlay/ioverlay/algos/cyclon"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core/wire"
)

// What the package documents of its messages, for those that forge them.
const typeShuffle = wire.FirstAlgorithmType + 64

type entries struct{ list []cyclon.Entry }

func (e *entries) Fields(f *pack.Fields) {
	pack.List(f, &e.list, func(f *pack.Fields, e *cyclon.Entry) { f.Node(&e.ID); f.Uint16(&e.Age) })
}
