// Command ioverlay-vet finds what makes an algorithm impure (package purity), as a tool for go vet:
//
//	go install github.com/ioverlay/ioverlay/cmd/ioverlay-vet@latest
//	go vet -vettool=$(which ioverlay-vet) ./...
package main

import (
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/ioverlay/ioverlay/purity"
)

func main() { unitchecker.Main(purity.Analyzer) }
