// Package examples has those scenarios of this folder that programs carry with them. The others are only files.
package examples

import _ "embed" // for Demo

// Demo is demo.yaml: sixteen nodes around the world, one of which fails every half minute.
//
//go:embed demo.yaml
var Demo []byte
