package gf

// Poly is the field's polynomial, x^8 + x^4 + x^3 + x^2 + 1.
const Poly = 0x11d

// Order is the number of elements other than 0, and the order of the generator 2.
const Order = 255

// The tables are functions of Poly alone and never change.
var (
	expTable, logTable = makeLogTables()
	mulTable           = makeMulTable()
)

// makeLogTables returns the powers of 2 and their exponents. The powers are there twice, so that the sum of two
// exponents needs no reduction. The logarithm of 0 does not exist and is left 0.
func makeLogTables() (exp [2 * Order]byte, log [256]byte) {
	power := 1
	for i := range Order {
		exp[i], exp[i+Order] = byte(power), byte(power)
		log[power] = byte(i)
		if power <<= 1; power > 255 {
			power ^= Poly
		}
	}
	return exp, log
}

// makeMulTable returns all products. A row is built from the products of the powers of two, which add up to the others.
func makeMulTable() (table [256][256]byte) {
	for a := 1; a < 256; a++ {
		row := &table[a]
		for bit := 1; bit < 256; bit <<= 1 {
			product := expTable[int(logTable[a])+int(logTable[bit])]
			for b := range bit {
				row[bit+b] = row[b] ^ product
			}
		}
	}
	return table
}

// Mul returns a·b.
func Mul(a, b byte) byte { return mulTable[a][b] }

// Inv returns the inverse of a, the element whose product with a is 1. It panics if a is 0.
func Inv(a byte) byte {
	if a == 0 {
		panic("gf: 0 has no inverse; check for it before you call Inv")
	}
	return expTable[Order-int(logTable[a])]
}

// Div returns a/b. It panics if b is 0.
func Div(a, b byte) byte {
	if b == 0 {
		panic("gf: division by 0; check for it before you call Div")
	}
	if a == 0 {
		return 0
	}
	return expTable[int(logTable[a])+Order-int(logTable[b])]
}

// Exp returns 2^n, for n of 0 and up. Exponents count modulo [Order]; it panics if n is negative.
func Exp(n int) byte {
	if n < 0 {
		panic("gf: Exp of a negative exponent; add a multiple of Order")
	}
	return expTable[n%Order]
}

// Log returns the exponent n below [Order] with 2^n = a. It panics if a is 0, which is no power of 2.
func Log(a byte) int {
	if a == 0 {
		panic("gf: 0 has no logarithm; check for it before you call Log")
	}
	return int(logTable[a])
}
