package coding

import "testing"

// Nothing allocates in steady state: a coder that has seen one generation makes do with what it has.
func TestNoAllocation(t *testing.T) {
	g := Generation{Stream: 1, ID: 2, K: 20, Size: 300, Last: 120}
	sources := sourcesOf(g, 1)
	e := encoderFor(t, g, sources)
	dsts := make([][]byte, 11)
	for i := range dsts {
		dsts[i] = make([]byte, g.VectorLen()+g.SeededLen())
	}
	var mixed, coded, vectors [][]byte // of packets
	for i := range g.K + 6 {
		write := e.Next
		if i%3 == 0 {
			write = e.Coded
		}
		mixed = append(mixed, packetOf(t, e.Len(), write))
		coded = append(coded, packetOf(t, e.Len(), e.Coded))
	}
	for i := range g.K {
		coefs := make([]byte, g.K)
		coefs[i], coefs[(i+1)%g.K] = 1, 7
		vectors = append(vectors, packetOf(t, g.VectorLen(), func(b []byte) (int, error) { return e.Combine(b, coefs) }))
	}
	bufs := buffersFor(g)
	var rec Recoder
	var dec Decoder
	var pro Progressive
	var digests Digests
	coefs := make([]byte, g.K)
	coefs[1] = 1
	fb := Feedback{Missing: make([]uint16, 5)}

	for name, run := range map[string]func(){
		"encode": func() {
			must(t, e.Reset(g, sources))
			for range g.K + 1 {
				ignore(e.Next(dsts[0]))
			}
			must(t, e.CodedAll(dsts))
			ignore(e.Combine(dsts[0], coefs))
		},
		"encode sparsely": func() {
			e.Code = Code{Sparse, 5}
			must(t, e.CodedAll(dsts))
			e.Code = Code{}
		},
		"recode": func() {
			must(t, rec.Reset(g))
			for _, p := range mixed {
				ignore(rec.Add(p))
			}
			ignore(rec.Recode(dsts[0]))
			must(t, rec.RecodeAll(dsts))
			rec.Code = Code{Band, 3}
			must(t, rec.RecodeAll(dsts))
			rec.Code = Code{}
		},
		"recode vectors": func() {
			must(t, rec.Reset(g))
			for _, p := range vectors {
				ignore(rec.Add(p))
			}
			ignore(rec.Recode(dsts[0]))
			must(t, rec.RecodeAll(dsts))
			rec.Code = Code{Band, 3}
			must(t, rec.RecodeAll(dsts))
			rec.Code = Code{}
		},
		"decode mixed": func() {
			must(t, dec.Reset(g))
			for _, p := range mixed {
				ignore(dec.Add(p))
			}
			must(t, dec.Decode(bufs))
		},
		"decode dense": func() {
			must(t, dec.Reset(g))
			for _, p := range coded {
				ignore(dec.Add(p))
			}
			must(t, dec.Decode(bufs))
		},
		"decode progressively": func() {
			must(t, pro.Reset(g, bufs))
			for _, p := range mixed {
				ignore(pro.Add(p))
			}
			pro.Packet(pro.Ready() - 1)
		},
		"digests": func() {
			must(t, digests.Sum(g, SHA256, sources), digests.Sum(g, XXH64, sources))
			ignore(digests.Put(dsts[0]))
			read, err := ParseDigests(dsts[0][:digests.Len()])
			must(t, err)
			if !read.Check(3, sources[3]) {
				t.Error("a good packet is refused")
			}
		},
		"feedback": func() {
			ignore(fb.Put(dsts[0]))
			must(t, fb.Parse(dsts[0][:fb.Len()]))
		},
	} {
		run() // the first generation may allocate
		if n := testing.AllocsPerRun(20, run); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func ignore[T any](_ T, _ error) {}

func TestWindowNoAllocation(t *testing.T) {
	s := Stream{Size: 300, Window: 16}
	bufs := make([][]byte, 2*s.Window)
	for i := range bufs {
		bufs[i] = make([]byte, s.Size)
	}
	e := WindowEncoder{Code: Code{Band, MaxWindow}} // no coefficient is 0, so each loss is repaired at once
	var d WindowDecoder
	packet, b := make([]byte, s.Size), make([]byte, s.CodedLen())
	run := func() {
		must(t, e.Reset(s, 5), d.Reset(s, 5, bufs))
		for i := range 100 {
			seq, err := e.Push(packet)
			must(t, err)
			n, err := e.Source(b, seq)
			if i%5 == 4 {
				n, err = e.Coded(b)
			}
			must(t, err)
			ignore(d.Add(b[:n]))
			for {
				if _, _, ok := d.Deliver(); !ok {
					break
				}
			}
			if i%3 == 0 {
				n, err := d.Feedback().Put(b)
				must(t, err)
				f, err := ParseWindowFeedback(b[:n])
				must(t, err)
				ignore(e.Feedback(f))
			}
		}
	}
	run()
	if n := testing.AllocsPerRun(20, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if d.Next() != 105 {
		t.Errorf("delivered up to %d", d.Next())
	}
}
