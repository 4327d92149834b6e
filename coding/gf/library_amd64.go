//go:build !noasm

package gf

import "github.com/klauspost/reedsolomon"

// ssse3 is the library held to that level.
var ssse3 = librarySSSE3()

func librarySSSE3() (l reedsolomon.LowLevel) {
	l.WithOptions(reedsolomon.WithAVX2(false))
	return l
}
