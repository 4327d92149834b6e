// Package interleave lets tests run lock-free protocols under every order of their steps.
//
// Code that shares memory between goroutines takes its atomic variables from here. In a normal build they are those of
// sync/atomic, the same types by another name, and [Writes] and [Calls] are empty: nothing is left of the seam. Built with the tag
// interleave, every access is a step: the goroutine stops before it and says what it is about to touch, and Explore
// decides who goes on. It runs a small program again and again until it has seen every order that can make a
// difference, and says in which one a thread sleeps for ever, spins for ever, panics, or leaves a wrong result.
//
// It finds what a stress test finds by luck only: a wake-up that is lost if one side looks between two steps of the
// other. It takes atomics to be sequentially consistent, as the Go memory model does. It does not look at ordinary
// variables: that is what the race detector is for.
//
// Tests of a package that do so are built with the tag and called TestInterleave...; package interleavetest runs them from an
// ordinary go test. By hand:
//
//	go test -tags interleave -run TestInterleave ./ring
package interleave
