package file

import (
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// frames lays data messages down one behind the other in slabs: what a source is asked for.
type frames struct {
	app  uint32
	seq  uint64 // messages laid down in all
	slab *bufpool.Slab
	used int // bytes of the slab
	run  core.Run
	dry  bool // the pool had no slab
}

// begin begins a run.
func (f *frames) begin() { f.run, f.dry = core.Run{}, false }

// put lays a message down and returns its payload, to be filled in. It is nil if the run is full, or the pool has no slab.
func (f *frames) put(n *core.Node, size int) []byte {
	head := wire.HeaderLen(n.ID())
	if f.slab != nil && f.used+head+size > len(f.slab.Bytes()) {
		if f.run.Msgs > 0 {
			return nil
		}
		f.close()
	}
	if f.slab == nil {
		slab, err := n.Pool().GetSize(max(n.Pool().SlabSize(), head+size))
		if err != nil {
			f.dry = true
			return nil
		}
		f.slab, f.used = slab, 0
	}
	if f.run.Msgs == 0 {
		f.run.Slab, f.run.Off = f.slab, uint32(f.used)
	}
	b := f.slab.Bytes()[f.used : f.used+head+size]
	wire.PutHeader(b, wire.Header{Type: wire.TypeData, Sender: n.ID(), App: f.app, Size: size})
	wire.SetSeq(b, f.seq)
	f.used += len(b)
	f.run.Len += uint32(len(b))
	f.run.Msgs++
	f.seq++
	return b[head:]
}

// undo takes back the message that was laid down last, of a payload of this size.
func (f *frames) undo(n *core.Node, size int) {
	size += wire.HeaderLen(n.ID())
	f.used -= size
	f.run.Len -= uint32(size)
	f.run.Msgs--
	f.seq--
}

// take is the run, with a reference of its own; false if there is nothing in it.
func (f *frames) take() (core.Run, bool) {
	if f.run.Msgs == 0 {
		return core.Run{}, false
	}
	f.slab.Retain()
	return f.run, true
}

// close lets go of the slab.
func (f *frames) close() {
	if f.slab != nil {
		f.slab.Release()
		f.slab = nil
	}
}
