package coding_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/ioverlay/ioverlay/coding"
)

// A source, a relay that recodes, and a receiver. The links lose every third packet.
func Example() {
	block := []byte("Any packet is as good as any other, as long as there are enough of them.")
	g := coding.Generation{ID: 1, K: 5, Size: 16, Last: len(block) - 4*16}
	packets, err := g.Split(nil, block)
	check(err)

	enc := coding.Encoder{Seed: 7}
	rec := coding.Recoder{Seed: 8}
	var dec coding.Decoder
	check(errors.Join(enc.Reset(g, packets), rec.Reset(g), dec.Reset(g)))

	for i := 1; !dec.Complete(); i++ {
		up := make([]byte, enc.Len()) // a message of its own: the relay keeps what is innovative
		n, err := enc.Next(up)
		check(err)
		if i%3 != 0 {
			_, err := rec.Add(up[:n])
			check(err)
		}
		down := make([]byte, g.VectorLen())
		n, err = rec.Recode(down)
		check(err)
		if i%3 != 1 {
			result, err := dec.Add(down[:n])
			check(err)
			fmt.Printf("round %d: %v, rank %d of %d\n", i, result, dec.Rank(), g.K)
		}
	}
	out := make([]byte, g.Bytes())
	bufs, err := g.Split(nil, out)
	check(err)
	check(dec.Decode(bufs))
	fmt.Printf("%s\n", out)
	// Output:
	// round 2: innovative, rank 1 of 5
	// round 3: innovative, rank 2 of 5
	// round 5: innovative, rank 3 of 5
	// round 6: innovative, rank 4 of 5
	// round 8: innovative, rank 5 of 5
	// Any packet is as good as any other, as long as there are enough of them.
}

// The paper's Fig. 4: node D has streams a and b, and one link for both. It sends a+b. Node F, which has a from
// elsewhere, decodes b.
func ExampleEncoder_Combine() {
	g := coding.Generation{ID: 17, K: 2, Size: 6, Last: 6} // packets number 17 of both streams
	a, b := []byte("packet"), []byte("number")

	var d coding.Encoder
	check(d.Reset(g, [][]byte{a, b}))
	sum := make([]byte, g.VectorLen())
	_, err := d.Combine(sum, []byte{1, 1})
	check(err)

	plain := make([]byte, g.SourceLen(0))
	_, err = d.Source(plain, 0)
	check(err)

	var f coding.Decoder
	check(f.Reset(g))
	for _, p := range [][]byte{sum, plain} {
		_, err := f.Add(p)
		check(err)
	}
	check(f.Decode([][]byte{nil, make([]byte, g.Size)})) // a came as it is and needs no buffer
	fmt.Printf("%s %s\n", f.Packet(0), f.Packet(1))
	// Output: packet number
}

// An application that writes its data behind room for a header sends source packets without a copy.
func ExampleGeneration_PutSource() {
	g := coding.Generation{K: 2, Size: 5, Last: 5}
	message := make([]byte, g.SourceLen(0))
	data := message[len(message)-g.Size:]
	copy(data, "hello") // or read from a file, or from a camera
	_, err := g.PutSource(message, 0)
	check(err)

	p, err := coding.Parse(message)
	check(err)
	fmt.Printf("packet %d of %d: %s\n", p.Index, p.K, p.Payload)
	// Output: packet 0 of 2: hello
}

// Packets at the front can be delivered before the generation is complete.
func ExampleProgressive() {
	g := coding.Generation{K: 4, Size: 3, Last: 3}
	packets, err := g.Split(nil, []byte("onetwosixten"))
	check(err)
	var enc coding.Encoder
	check(enc.Reset(g, packets))

	bufs, err := g.Split(nil, make([]byte, g.Bytes()))
	check(err)
	var dec coding.Progressive
	check(dec.Reset(g, bufs))

	delivered := 0
	buf := make([]byte, enc.Len())
	for i := range 6 {
		n, err := enc.Next(buf)
		check(err)
		if i == 1 {
			continue // lost
		}
		_, err = dec.Add(buf[:n]) // keeps nothing: buf is free again
		check(err)
		fmt.Printf("packet %d came:", i)
		for ; delivered < dec.Ready(); delivered++ {
			fmt.Printf(" %s", dec.Packet(delivered))
		}
		fmt.Println()
	}
	// Output:
	// packet 0 came: one
	// packet 2 came:
	// packet 3 came:
	// packet 4 came: two six ten
	// packet 5 came:
}

// A stream over a window: after every fourth packet a coded one, which repairs the loss of any.
func ExampleWindowEncoder() {
	s := coding.Stream{ID: 1, Size: 2, Window: 8}
	var enc coding.WindowEncoder
	var dec coding.WindowDecoder
	bufs := make([][]byte, 2*s.Window)
	for i := range bufs {
		bufs[i] = make([]byte, s.Size)
	}
	check(errors.Join(enc.Reset(s, 0), dec.Reset(s, 0, bufs)))

	receive := func(b []byte) {
		_, err := dec.Add(b)
		check(err)
		for seq, p, ok := dec.Deliver(); ok; seq, p, ok = dec.Deliver() {
			fmt.Printf(" %d:%s", seq, p)
		}
	}
	buf := make([]byte, s.CodedLen())
	for i, data := range []string{"ab", "cd", "ef", "gh", "ij", "kl", "mn", "op"} {
		seq, err := enc.Push([]byte(data)) // stays the caller's until the window has passed it
		check(err)
		n, err := enc.Source(buf, seq)
		check(err)
		fmt.Printf("sent %d:", seq)
		if i != 2 && i != 5 { // these two are lost
			receive(buf[:n])
		}
		if i%4 == 3 {
			n, err := enc.Coded(buf)
			check(err)
			receive(buf[:n])
			released, err := enc.Feedback(dec.Feedback())
			check(err)
			fmt.Printf(", %d confirmed", released)
		}
		fmt.Println()
	}
	// Output:
	// sent 0: 0:ab
	// sent 1: 1:cd
	// sent 2:
	// sent 3: 2:ef 3:gh, 4 confirmed
	// sent 4: 4:ij
	// sent 5:
	// sent 6:
	// sent 7: 5:kl 6:mn 7:op, 4 confirmed
}

// A receiver that kept a few redundant packets finds out who poisoned its generation.
func ExampleDecoder_Diagnose() {
	g := coding.Generation{K: 3, Size: 5, Last: 5}
	packets, err := g.Split(nil, []byte("truthalonewins!"))
	check(err)
	var enc coding.Encoder
	var digests coding.Digests
	check(errors.Join(enc.Reset(g, packets), digests.Sum(g, coding.SHA256, packets))) // digests.Put makes a packet of them

	dec := coding.Decoder{Spares: 2}
	check(dec.Reset(g))
	for i := range 5 {
		b := make([]byte, enc.Len())
		_, err := enc.Coded(b)
		check(err)
		if i == 1 {
			b[len(b)-1] ^= 1
		}
		_, err = dec.AddFrom(b, uint32(100+i)) // by upstream 100, 101 and so on
		check(err)
	}
	bufs, err := g.Split(nil, make([]byte, g.Bytes()))
	check(err)
	check(dec.Decode(bufs))
	fmt.Println(dec.Verify(&digests))
	suspects, err := dec.Diagnose(&digests, bufs)
	check(err)
	for _, s := range suspects {
		fmt.Println("poisoned by", s.From)
	}
	fmt.Printf("%s %s %s\n", dec.Packet(0), dec.Packet(1), dec.Packet(2))
	// Output:
	// coding: poisoned packets: 3 of 3 packets decoded do not have their digest
	// poisoned by 101
	// truth alone wins!
}

// A fixed code from three packets to five, any three of which are enough.
func ExampleMatrix() {
	plain, err := coding.Identity(3)
	check(err)
	repair, err := coding.Cauchy(2, 3)
	check(err)
	code, err := coding.NewMatrix(plain.Row(0), plain.Row(1), plain.Row(2), repair.Row(0), repair.Row(1))
	check(err)

	sent := [][]byte{make([]byte, 3), make([]byte, 3), make([]byte, 3), make([]byte, 3), make([]byte, 3)}
	check(code.Apply(sent, [][]byte{[]byte("one"), []byte("two"), []byte("six")}))

	got, err := code.Select(4, 1, 3) // packets 0 and 2 are lost
	check(err)
	back, err := got.Inverse()
	check(err)
	decoded := [][]byte{make([]byte, 3), make([]byte, 3), make([]byte, 3)}
	check(back.Apply(decoded, [][]byte{sent[4], sent[1], sent[3]}))
	fmt.Printf("%s\n", decoded)
	// Output: [one two six]
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
