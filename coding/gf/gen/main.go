// Command gen writes the assembly kernels of package gf. It is a module of its own, so that the assembler library that
// it uses is no dependency of anybody who imports gf. Run it by go generate in the folder above.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("!noasm")
	for _, v := range []vectors{gfni512{}, &gfni256{}, &avx2{}, &ssse3{}} {
		product(v)
		productAdd(v)
		sum(v)
		for rows := 1; rows <= maxRows(v); rows++ {
			if rows == 1 && v.masks() {
				dot(&gfni512Computed{}, rows)
				continue
			}
			dot(v, rows)
		}
	}
	abreast()
	eliminate()
	counter()
	Generate()
}
