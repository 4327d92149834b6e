package gf

// The assembly is written by the program in the folder gen, which is a module of its own. Run "go generate ./coding/gf"
// after a change there, and commit what it wrote.

//go:generate go -C gen run . -out ../asm_amd64.s -stubs ../asm_amd64.go -pkg gf
