package gfbench

import (
	"math/rand/v2"
	"unsafe"
)

// Packets are placed at multiples of a cache line. A multiple of a page apart, or nearly, they would compete for the same
// few places of the cache, so there is a gap between them: an odd number of lines.
const (
	lineBytes = 64
	pageBytes = 4096
	gapBytes  = 9 * lineBytes
)

// newPackets returns n packets of size random bytes, each offset bytes past a multiple of a cache line.
func newPackets(n, size, offset int, seed uint64) [][]byte {
	stride := (size+lineBytes-1)/lineBytes*lineBytes + gapBytes
	if stride%pageBytes == 0 {
		stride += lineBytes
	}
	room := make([]byte, n*stride+2*lineBytes)
	begin := int(-address(room)%lineBytes) + offset
	r := rand.New(rand.NewPCG(seed, uint64(size)))
	packets := make([][]byte, n)
	for i := range packets {
		packets[i] = room[begin+i*stride:][:size:size]
		for b := range packets[i] {
			packets[i][b] = byte(r.Uint32())
		}
	}
	return packets
}

// newRows returns n rows of k random coefficients other than 0 and 1, which are no work.
func newRows(n, k int, seed uint64) [][]byte {
	r := rand.New(rand.NewPCG(seed, uint64(k)))
	rows := make([][]byte, n)
	for j := range rows {
		rows[j] = make([]byte, k)
		for i := range rows[j] {
			rows[j][i] = byte(2 + r.IntN(254))
		}
	}
	return rows
}

// cloned returns a copy of packets.
func cloned(packets [][]byte) [][]byte {
	all := make([][]byte, len(packets))
	for i, p := range packets {
		all[i] = append([]byte(nil), p...)
	}
	return all
}

// address returns where a slice begins.
func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
