package pack

import (
	"encoding/binary"
	"fmt"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Nodes is a list of node IDs.
func (f *Fields) Nodes(v *[]wire.NodeID) { List(f, v, (*Fields).Node) }

// NodesUpTo is Nodes for a list that has no more elements than that in any honest message.
func (f *Fields) NodesUpTo(most int, v *[]wire.NodeID) {
	if f.Nodes(v); len(*v) > most {
		f.Fail("the list is longer than the protocol allows")
	}
}

// List is a list of anything: its length, an unsigned number of at most MaxList, and its
// elements, each written and read by a function, which may be one of the methods of
// Fields:
//
//	pack.List(f, &x.Ages, (*pack.Fields).Uint16)
//	pack.List(f, &x.Entries, func(f *pack.Fields, e *Entry) { f.Node(&e.Who); f.Uint16(&e.Age) })
//
// An empty list is read as nil; others into what was there before, if it is long enough. List panics if it is written
// with more than MaxList elements.
func List[T any](f *Fields, v *[]T, element func(f *Fields, e *T)) {
	if !f.next() {
		if len(*v) > MaxList {
			panic(fmt.Sprintf("pack: a list of %d elements was written; a reader takes %d", len(*v), MaxList))
		}
		f.b = binary.AppendUvarint(f.b, uint64(len(*v)))
		for i := range *v {
			element(f, &(*v)[i])
		}
		return
	}
	n := int(f.uvarint(MaxList))
	if f.err != nil || n == 0 {
		*v = nil
		return
	}
	// An element is a byte or more, usually: a count alone makes nobody allocate.
	list := (*v)[:0]
	if least := min(n, len(f.b)); cap(list) < least {
		list = make([]T, 0, least)
	}
	for i := 0; i < n && f.err == nil; i++ {
		list = append(list, *new(T))
		element(f, &list[i])
	}
	*v = list
}
