package gf_test

import (
	"testing"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// schoolbook multiplies as on paper: shift, add, and reduce by the polynomial. Nothing in it is shared with the package.
func schoolbook(a, b byte) byte {
	var product uint
	for bit := range 8 {
		if b>>bit&1 == 1 {
			product ^= uint(a) << bit
		}
	}
	for bit := 15; bit >= 8; bit-- {
		if product>>bit&1 == 1 {
			product ^= 0x11d << (bit - 8)
		}
	}
	return byte(product)
}

// books are all products of the schoolbook.
var books = func() (table [256][256]byte) {
	for a := range 256 {
		for b := range 256 {
			table[a][b] = schoolbook(byte(a), byte(b))
		}
	}
	return table
}()

func TestMulIsTheSchoolbook(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			if got, want := gf.Mul(byte(a), byte(b)), books[a][b]; got != want {
				t.Fatalf("Mul(%d, %d) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestFieldAxioms(t *testing.T) {
	step := 1
	if raceEnabled {
		step = 7 // there is nothing to race with, and it is slow
	}
	for i := 0; i < 256; i += step {
		a := byte(i)
		if gf.Mul(a, 1) != a || gf.Mul(a, 0) != 0 {
			t.Fatalf("%d times 1 is %d and times 0 is %d", a, gf.Mul(a, 1), gf.Mul(a, 0))
		}
		for j := range 256 {
			b := byte(j)
			if gf.Mul(a, b) != gf.Mul(b, a) {
				t.Fatalf("%d and %d do not commute", a, b)
			}
			if a != 0 && b != 0 && gf.Mul(a, b) == 0 {
				t.Fatalf("%d and %d divide zero", a, b)
			}
			for k := range 256 {
				c := byte(k)
				if gf.Mul(a, gf.Mul(b, c)) != gf.Mul(gf.Mul(a, b), c) {
					t.Fatalf("%d, %d and %d do not associate", a, b, c)
				}
				if gf.Mul(a, b^c) != gf.Mul(a, b)^gf.Mul(a, c) {
					t.Fatalf("%d does not distribute over %d and %d", a, b, c)
				}
			}
		}
	}
}

func TestInverses(t *testing.T) {
	for i := range 256 {
		for j := 1; j < 256; j++ {
			a, b := byte(i), byte(j)
			if gf.Mul(b, gf.Inv(b)) != 1 || gf.Mul(gf.Div(a, b), b) != a {
				t.Fatalf("the inverse of %d is %d, and %d/%d is %d", b, gf.Inv(b), a, b, gf.Div(a, b))
			}
		}
	}
}

func TestPowers(t *testing.T) {
	power, seen := byte(1), map[byte]bool{}
	for n := range gf.Order {
		if gf.Exp(n) != power || gf.Exp(n+3*gf.Order) != power || gf.Log(power) != n {
			t.Fatalf("2^%d is %d, 2^%d is %d, and the logarithm of %d is %d; want %d", n, gf.Exp(n),
				n+3*gf.Order, gf.Exp(n+3*gf.Order), power, gf.Log(power), power)
		}
		seen[power] = true
		power = schoolbook(power, 2)
	}
	if power != 1 || len(seen) != gf.Order {
		t.Errorf("2 generates %d elements and 2^%d is %d", len(seen), gf.Order, power)
	}
}
