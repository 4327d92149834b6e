package coding

// The limits of version 1. Each is as large as its field in the header, or as a column number in a byte, allows.
const (
	// MinK is the smallest generation. One packet alone has nothing to be combined with.
	MinK = 2
	// MaxK is the largest generation: a source packet's index is a byte.
	MaxK = 256
	// MaxSize is the largest packet in bytes, headers not counted: the header has 16 bits for the size less 1.
	MaxSize = 1 << 16
	// MaxWindow is how many packets of a stream one coded packet may combine: the header has a byte for the count less
	// 1. A decoder's memory is twice its window.
	MaxWindow = 256
	// MaxSeq is what the numbers of a stream's packets are below, so that no sum of them overflows.
	MaxSeq = 1 << 63
	// MaxFeedback is how many unfinished generations one [Feedback] may name: more than any sender has in flight, and
	// a packet of it still fits any datagram.
	MaxFeedback = 64
)

// rowAlign is what rows of coefficients are padded to, in bytes: a vector register of the widest kernels, so that they
// never have a remainder to care for.
const rowAlign = 64

// batchRows is how many coded packets are made by one matrix product. The kernels keep at least four rows of the
// matrix in registers; more than eight win nothing and would make the encoder larger.
const batchRows = 8
