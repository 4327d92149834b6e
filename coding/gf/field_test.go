package gf

import "testing"

// schoolbook multiplies as on paper: shift, add, and reduce by the polynomial. Nothing here depends on the tables.
func schoolbook(a, b byte) byte {
	var product uint
	for bit := range 8 {
		if b>>bit&1 == 1 {
			product ^= uint(a) << bit
		}
	}
	for bit := 15; bit >= 8; bit-- {
		if product>>bit&1 == 1 {
			product ^= Poly << (bit - 8)
		}
	}
	return byte(product)
}

func TestMulIsTheSchoolbook(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			if got, want := Mul(byte(a), byte(b)), schoolbook(byte(a), byte(b)); got != want {
				t.Fatalf("Mul(%d, %d) = %d, want %d", a, b, got, want)
			}
		}
	}
}
