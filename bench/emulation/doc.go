// Package emulation measures emulated bandwidth against what was asked for: how
// accurate rates are, how fairly links share them, and how a bottleneck makes itself
// felt up a chain. Everything runs on the real-time engine.
//
//	accuracy.go  nodes and links under limits: what passes in a window
//	pressure.go  a chain whose middle node becomes slow and recovers
//	suite.go     what is measured, in which order
//	present.go   tables and the chart
package emulation
