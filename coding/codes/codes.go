package codes

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Code is a way to code blocks of K packets of equal size. It is a value: safe for concurrent
// use.
type Code interface {
	// Name is the code's, without its parameters.
	Name() string
	// K is how many packets a block has.
	K() int
	// Systematic is whether the first K packets of an encoder are the block's own.
	Systematic() bool
	// HeaderLen is how many bytes of a packet are not payload.
	HeaderLen() int
	// RecodedLen is how many bytes of coefficients a packet has to carry that a relay made of
	// others; 0 if relays can make none.
	RecodedLen() int
	// NewEncoder codes a block of K packets, at least one byte each and all of one size. The
	// encoder keeps the packets, and reads them until its last Encode. Encoders of one block with
	// other seeds make other packets.
	NewEncoder(packets [][]byte, seed uint32) (Encoder, error)
	// NewDecoder decodes a block of packets of a size.
	NewDecoder(size int) (Decoder, error)
}

// Encoder makes packets of a block. It belongs to one goroutine.
type Encoder interface {
	// Encode writes the next packet into dst, which has HeaderLen and a packet's size. It
	// returns ErrExhausted if the code has no more.
	Encode(dst []byte) error
}

// Decoder gets a block back. It belongs to one goroutine.
type Decoder interface {
	// Add takes a packet as Encode made it, and keeps it. It reports whether it may bring
	// something that others have not; a packet that makes no sense is an ErrMalformed and
	// changes nothing.
	Add(packet []byte) (useful bool, err error)
	// Complete is whether the block can be decoded.
	Complete() bool
	// Decode writes the block's packets into dst, K of them; ErrIncomplete if it is too
	// early. It is called once.
	Decode(dst [][]byte) error
}

// Errors of encoders and decoders.
var (
	ErrExhausted  = errors.New("codes: the code has no more packets")
	ErrMalformed  = errors.New("codes: the packet is none of this code")
	ErrIncomplete = errors.New("codes: more packets are needed")
)

// MaxK bounds the packets of a block: a decoder of dense codes holds 2·K² bytes.
const MaxK = 4096

// Names are the codes that New makes, in the order in which they are shown.
func Names() []string {
	return []string{"dense", "dense-systematic", "sparse", "perpetual", "fulcrum", "reed-solomon"}
}

// New makes a code for blocks of k packets, from 2 to MaxK, with parameters that suit k.
//
//   - dense: random linear coding with coefficients from all of GF(2^8) (Ho, Médard, Koetter, Karger,
//     Effros, Shi and Leong, "A Random Linear Network Coding Approach to Multicast", IEEE Transactions
//     on Information Theory 52(10), 2006);
//   - dense-systematic: the same, after the packets as they are;
//   - sparse: ln k + 5 coefficients that are not 0 (Li, Chan and Blostein, "On Efficient Decoding and
//     Design of Sparse Random Linear Network Codes", arXiv:1604.05573, 2016, is on such codes and
//     their decoders);
//   - perpetual: 2√k coefficients that are not 0 side by side, going on at the front (the idea is that of
//     Maymounkov's perpetual codes, maymounkov-perpetual.ps at pdos.csail.mit.edu/~petar/papers; field, width and
//     decoder are ours);
//   - fulcrum: 8 packets of expansion in GF(2^8), then sums in GF(2), so that relays only need
//     exclusive or (Lucani et al., "Fulcrum: Flexible Network Coding for Heterogeneous Devices", IEEE
//     Access 6, 2018);
//   - reed-solomon: k/2 packets of parity, at least 8, by klauspost/reedsolomon: in GF(2^8) while all
//     are 256 at most, else in GF(2^16), where sizes must be multiples of 64.
func New(name string, k int) (Code, error) {
	if k < 2 || k > MaxK {
		return nil, fmt.Errorf("codes: blocks of %d packets: want 2 to %d", k, MaxK)
	}
	switch name {
	case "dense":
		return newDense(name, k, false), nil
	case "dense-systematic":
		return newDense(name, k, true), nil
	case "sparse":
		return newSparse(name, k, min(k, int(math.Ceil(math.Log(float64(k))))+5)), nil
	case "perpetual":
		return newPerpetual(name, k, min(k, int(math.Ceil(2*math.Sqrt(float64(k)))))), nil
	case "fulcrum":
		return newFulcrum(name, k, 8), nil
	case "reed-solomon":
		return newReedSolomon(name, k, max(8, k/2))
	}
	return nil, fmt.Errorf("codes: there is no code %q", name)
}

// numbered is the header of all packets here: a number or a seed. The top bit says that it
// is the number of a packet of the block, as it is.
const (
	headerLen = 4
	asItIs    = 1 << 31
)

func putHeader(dst []byte, number uint32) { binary.BigEndian.PutUint32(dst, number) }

// readHeader splits a packet.
func readHeader(packet []byte, size int) (number uint32, payload []byte, err error) {
	if len(packet) != headerLen+size {
		return 0, nil, fmt.Errorf("%w: %d bytes, want %d", ErrMalformed, len(packet), headerLen+size)
	}
	return binary.BigEndian.Uint32(packet), packet[headerLen:], nil
}

// checkBlock tells a block that is none.
func checkBlock(packets [][]byte, k int) (size int, err error) {
	if len(packets) != k {
		return 0, fmt.Errorf("codes: a block of %d packets, want %d", len(packets), k)
	}
	for _, p := range packets {
		if len(p) == 0 || len(p) != len(packets[0]) {
			return 0, errors.New("codes: the packets of a block have one size, at least a byte")
		}
	}
	return len(packets[0]), nil
}

// checkRoom tells buffers that are not those of a decoded block.
func checkRoom(dst [][]byte, k, size int) error {
	if len(dst) != k {
		return fmt.Errorf("codes: room for %d packets, want %d", len(dst), k)
	}
	for _, d := range dst {
		if len(d) != size {
			return fmt.Errorf("codes: room for a packet of %d bytes, want %d", len(d), size)
		}
	}
	return nil
}
