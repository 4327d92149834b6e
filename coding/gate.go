package coding

import (
	"encoding/binary"
	"fmt"
)

// gate lets the packets of one generation through to a coder. All headers of a generation are alike but for kind and
// argument, so two comparisons tell what reading field by field would; only what they refuse is read that way, for the
// error to say what was wrong. That is worth having: of a systematic generation most packets need no other work.
type gate struct {
	gen    Generation
	lo, hi uint64 // the header's halves, without kind and argument
}

// kindAndArgument are offsets 1 and 3 of a header, in its lower half.
const kindAndArgument = 0xff<<8 | 0xff<<24

func (a *gate) set(g Generation) {
	var head [headerLen]byte
	g.put(head[:], 0, 0)
	a.gen = g
	a.lo, a.hi = binary.LittleEndian.Uint64(head[:]), binary.LittleEndian.Uint64(head[8:])
}

// read reads a packet, which must belong to the generation. The error wraps those of Parse, or ErrGeneration.
func (a *gate) read(p *Packet, b []byte) error {
	if a.gen.K == 0 || len(b) < headerLen || binary.LittleEndian.Uint64(b)&^kindAndArgument != a.lo || binary.LittleEndian.Uint64(b[8:]) != a.hi {
		return a.refuse(p, b)
	}
	p.Generation, p.Kind = a.gen, Kind(b[1])
	return p.parseBody(b)
}

func (a *gate) refuse(p *Packet, b []byte) error {
	if err := p.parse(b); err != nil {
		return err
	}
	return fmt.Errorf("%w: %+v where %+v is coded", ErrGeneration, p.Generation, a.gen)
}
