//go:build !noasm

package gf

// matrixTable holds, for each coefficient, the bit matrix that multiplies by it, as the instruction wants it: byte 7-i
// of a matrix marks the bits of a factor that add up to bit i of the product.
var matrixTable = makeMatrixTable()

func makeMatrixTable() (table [256]uint64) {
	for c := range table {
		for in := range 8 {
			product := mulTable[c][1<<in]
			for out := range 8 {
				table[c] |= uint64(product>>out&1) << (8*(7-out) + in)
			}
		}
	}
	return table
}

// halfTable holds, for each coefficient, its products with the 16 lower halves of bytes, then with the 16 upper ones.
var halfTable = makeHalfTable()

func makeHalfTable() (table [256][32]byte) {
	for c := range table {
		for half := range 16 {
			table[c][half], table[c][16+half] = mulTable[c][half], mulTable[c][half<<4]
		}
	}
	return table
}
