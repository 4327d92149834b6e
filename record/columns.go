package record

import (
	"encoding/binary"
	"errors"
	"math"
)

// Transfers as binary columns, for pages that draw many: little-endian, uint32 how many, uint32 how many there are in
// the whole interval (the largest number if more), then the columns left and arrived (float64, seconds; NaN: never),
// from, to and app (uint32), seq (float64), type and bytes (uint32).

// columnBytes is what one transfer takes.
const columnBytes = 8 + 8 + 4 + 4 + 4 + 8 + 4 + 4

// AppendColumns appends the transfers as columns.
func (t *Transfers) AppendColumns(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(t.List)))
	b = binary.LittleEndian.AppendUint32(b, uint32(min(t.Total, math.MaxUint32)))
	b = floats(b, t.List, func(x *Transfer) float64 { return x.Left.Seconds() })
	b = floats(b, t.List, func(x *Transfer) float64 {
		if x.Arrived == Never {
			return math.NaN()
		}
		return x.Arrived.Seconds()
	})
	b = words(b, t.List, func(x *Transfer) uint32 { return x.From })
	b = words(b, t.List, func(x *Transfer) uint32 { return x.To })
	b = words(b, t.List, func(x *Transfer) uint32 { return x.App })
	b = floats(b, t.List, func(x *Transfer) float64 { return float64(x.Seq) })
	b = words(b, t.List, func(x *Transfer) uint32 { return x.Type })
	return words(b, t.List, func(x *Transfer) uint32 { return x.Bytes })
}

func floats(b []byte, all []Transfer, of func(*Transfer) float64) []byte {
	for i := range all {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(of(&all[i])))
	}
	return b
}

func words(b []byte, all []Transfer, of func(*Transfer) uint32) []byte {
	for i := range all {
		b = binary.LittleEndian.AppendUint32(b, of(&all[i]))
	}
	return b
}

// ParseColumns reads what AppendColumns wrote; a total of the largest number may be more.
func ParseColumns(b []byte) (t Transfers, err error) {
	if len(b) < 8 {
		return t, errors.New("record: columns of transfers without their two counts")
	}
	n := int(binary.LittleEndian.Uint32(b))
	t.Total = uint64(binary.LittleEndian.Uint32(b[4:]))
	if b = b[8:]; len(b)/columnBytes != n || len(b)%columnBytes != 0 {
		return t, errors.New("record: columns of transfers that are not as long as they say")
	}
	float := func(col, i int) float64 {
		return math.Float64frombits(binary.LittleEndian.Uint64(b[col*n+8*i:]))
	}
	word := func(col, i int) uint32 { return binary.LittleEndian.Uint32(b[col*n+4*i:]) }
	t.List = make([]Transfer, n)
	for i := range t.List {
		x := Transfer{From: word(16, i), To: word(20, i), App: word(24, i), Seq: uint64(float(28, i)), Type: word(36, i), Bytes: word(40, i),
			Left: FromSeconds(float(0, i)), Arrived: Never}
		if at := float(8, i); !math.IsNaN(at) {
			x.Arrived = FromSeconds(at)
		}
		t.List[i] = x
	}
	return t, nil
}
