package coding

import (
	"testing"
)

var small = Generation{K: 3, Size: 4, Last: 2}

// Shapes outside the limits, buffers that are too small, coders without a generation: errors, and nothing is written.
func TestMisuse(t *testing.T) {
	e := encoderFor(t, small, sourcesOf(small, 1))
	bad := encoderFor(t, small, sourcesOf(small, 1))
	bad.Code = Code{Scheme: Sparse}
	full := make([]byte, 64)
	one := packetOf(t, e.Len(), e.Coded)
	var rec Recoder
	must(t, rec.Reset(small))
	if _, err := rec.Add(one); err != nil {
		t.Fatal(err)
	}
	badRec := rec
	badRec.Code = Code{Dense, 1}
	var d Digests
	must(t, d.Sum(small, XXH64, sourcesOf(small, 1)))
	var dec Decoder
	must(t, dec.Reset(small))
	for range 4 {
		ignore(dec.Add(packetOf(t, e.Len(), e.Coded)))
	}
	s := Stream{Size: 4, Window: 2}
	var win WindowEncoder
	must(t, win.Reset(s, 7))
	ignore(win.Push(full[:4]))
	badWin := win
	badWin.Code = Code{Scheme: 9}

	for what, c := range map[string]struct {
		err, want error
	}{
		"an encoder of nothing":               {second(new(Encoder).Next(full)), ErrShape},
		"a code of nothing":                   {second(new(Encoder).Coded(full)), ErrShape},
		"a sum of nothing":                    {second(new(Encoder).Combine(full, nil)), ErrShape},
		"a recoder of nothing":                {second(new(Recoder).Recode(full)), ErrIncomplete},
		"a decoder of nothing":                {new(Decoder).Decode(nil), ErrIncomplete},
		"a packet for a decoder of nothing":   {second(new(Decoder).Add(one)), ErrGeneration},
		"a packet for a recoder of nothing":   {second(new(Recoder).Add(one)), ErrGeneration},
		"a packet for a progressive of none":  {second(new(Progressive).Add(one)), ErrGeneration},
		"no packets":                          {new(Encoder).Reset(small, nil), ErrShape},
		"a last packet too long":              {new(Encoder).Reset(small, [][]byte{full[:4], full[:4], full[:4]}), ErrShape},
		"a source packet too small a buffer":  {second(e.Source(full[:19], 0)), ErrBuffer},
		"a header too small a buffer":         {second(e.Source(full[:15], 0)), ErrBuffer},
		"a source packet that is not":         {second(e.Source(full, 3)), ErrShape},
		"a source packet below 0":             {second(e.Source(full, -1)), ErrShape},
		"a header of no generation":           {second(Generation{}.PutSource(full, 0)), ErrShape},
		"a coded packet too small a buffer":   {second(e.Coded(full[:24])), ErrBuffer},
		"several, one too small a buffer":     {e.CodedAll([][]byte{full, full[:24]}), ErrBuffer},
		"a sum too small a buffer":            {second(e.Combine(full[:22], []byte{1, 2, 3})), ErrBuffer},
		"a sum with too few coefficients":     {second(e.Combine(full, []byte{1, 2})), ErrShape},
		"a sparse code without weight":        {second(bad.Coded(full)), ErrShape},
		"a recoded packet, too small":         {second(rec.Recode(full[:22])), ErrBuffer},
		"several recoded, one too small":      {rec.RecodeAll([][]byte{full, full[:22]}), ErrBuffer},
		"a dense code with weight":            {second(badRec.Recode(full)), ErrShape},
		"digests too small a buffer":          {second(d.Put(full[:39])), ErrBuffer},
		"digests that are not":                {second(new(Digests).Put(full)), ErrShape},
		"digests of an unknown hash":          {new(Digests).Sum(small, 9, sourcesOf(small, 1)), ErrShape},
		"digests of other packets":            {new(Digests).Sum(small, XXH64, sourcesOf(small, 1)[:2]), ErrShape},
		"digests of no generation":            {new(Digests).Sum(Generation{}, XXH64, nil), ErrShape},
		"too few buffers":                     {dec.Decode(buffersFor(small)[:2]), ErrBuffer},
		"no buffers":                          {dec.Decode(make([][]byte, 3)), ErrBuffer},
		"too few buffers, progressive":        {new(Progressive).Reset(small, buffersFor(small)[:2]), ErrBuffer},
		"a short last buffer, progressive":    {new(Progressive).Reset(small, sourcesOf(small, 1)), ErrBuffer},
		"a block too short to split":          {second(small.Split(nil, full[:9])), ErrBuffer},
		"a block split for nothing":           {second(Generation{}.Split(nil, full)), ErrShape},
		"feedback too small a buffer":         {second((&Feedback{Missing: []uint16{1}}).Put(full[:13])), ErrBuffer},
		"feedback on too many":                {second((&Feedback{Missing: make([]uint16, 65)}).Put(make([]byte, 999))), ErrShape},
		"feedback of too much":                {second((&Feedback{Missing: []uint16{257}}).Put(full)), ErrShape},
		"a window of nothing":                 {new(WindowEncoder).Reset(Stream{}, 0), ErrShape},
		"a window without size":               {new(WindowDecoder).Reset(Stream{Window: 3}, 0, nil), ErrShape},
		"a stream from 2^63":                  {new(WindowEncoder).Reset(s, MaxSeq), ErrShape},
		"a stream decoded from 2^63":          {new(WindowDecoder).Reset(s, MaxSeq, nil), ErrShape},
		"window buffers too few":              {new(WindowDecoder).Reset(s, 0, make([][]byte, 3)), ErrBuffer},
		"window buffers too short":            {new(WindowDecoder).Reset(s, 0, make([][]byte, 4)), ErrBuffer},
		"a push into nothing":                 {secondOf(new(WindowEncoder).Push(nil)), ErrShape},
		"a push of another size":              {secondOf(win.Push(full[:3])), ErrShape},
		"a window packet that left":           {second(win.Source(full, 6)), ErrStale},
		"a window packet that is not there":   {second(win.Source(full, 8)), ErrAhead},
		"a window packet, too small":          {second(win.Source(full[:19], 7)), ErrBuffer},
		"a coded window packet, too small":    {second(win.Coded(full[:27])), ErrBuffer},
		"a coded window packet of no scheme":  {second(badWin.Coded(full)), ErrShape},
		"a window header, too small":          {second(s.PutSource(full[:15], 1)), ErrBuffer},
		"a window header beyond 2^63":         {second(s.PutSource(full, MaxSeq)), ErrShape},
		"a window header of nothing":          {second(Stream{}.PutSource(full, 1)), ErrShape},
		"feedback of another stream":          {second(win.Feedback(WindowFeedback{Stream: 1})), ErrGeneration},
		"feedback on what was not sent":       {second(win.Feedback(WindowFeedback{Next: 9, End: 9})), ErrAhead},
		"feedback that makes no sense":        {second(win.Feedback(WindowFeedback{Next: 9, End: 8})), ErrMalformed},
		"feedback to nobody":                  {second(new(WindowEncoder).Feedback(WindowFeedback{})), ErrGeneration},
		"window feedback that makes no sense": {second(WindowFeedback{Missing: 1}.Put(full)), ErrShape},
		"window feedback, too small":          {second(WindowFeedback{}.Put(full[:23])), ErrBuffer},
		"a packet for a window of nothing":    {second(new(WindowDecoder).Add(packetOf(t, 64, func(b []byte) (int, error) { return win.Source(b, 7) }))), ErrGeneration},
	} {
		wantErr(t, what, c.err, c.want)
	}
	if dec.Rank() != 3 || dec.Packet(0) != nil || dec.Packet(-1) != nil || dec.Packet(3) != nil {
		t.Error("a refused Decode left something behind")
	}
}

func second[T any](_ T, err error) error { return err }

func secondOf(_ uint64, err error) error { return err }

func TestZeroValuesAreEmpty(t *testing.T) {
	var pro Progressive
	var win WindowDecoder
	if new(Decoder).Complete() || pro.Complete() || pro.Packet(0) != nil || new(Decoder).Packet(0) != nil {
		t.Error("a decoder of nothing is complete")
	}
	if _, _, ok := win.Deliver(); ok || win.Feedback() != (WindowFeedback{}) {
		t.Error("a window of nothing delivers")
	}
	win.SkipTo(5)
	if _, _, ok := win.Deliver(); ok {
		t.Error("a window of nothing delivers")
	}
}

// The largest of everything, once.
func TestLimits(t *testing.T) {
	for _, g := range []Generation{
		{K: MaxK, Size: 33, Last: 1}, {K: MinK, Size: MaxSize, Last: MaxSize - 1}, {K: MaxK, Size: 1, Last: 1},
	} {
		sources := sourcesOf(g, 8)
		e := encoderFor(t, g, sources)
		var dec Decoder
		var pro Progressive
		must(t, dec.Reset(g), pro.Reset(g, buffersFor(g)))
		for i := 0; !dec.Complete(); i++ {
			write := e.Coded
			if i%3 == 0 {
				write = func(b []byte) (int, error) { return e.Source(b, i%g.K) }
			}
			b := packetOf(t, e.Len(), write)
			ignore(dec.Add(b))
			ignore(pro.Add(b))
		}
		must(t, dec.Decode(buffersFor(g)))
		for i, s := range sources {
			if string(dec.Packet(i)) != string(s) || string(pro.Packet(i)) != string(s) {
				t.Fatalf("%+v: packet %d is wrong", g, i)
			}
		}
	}
}
