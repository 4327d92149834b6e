// Package disk is where files of package file come from and go to: the disk of a live engine's node.
//
//	reader.go  a file that a source sends: read ahead by a goroutine, so that the node's loop does not wait
//	dir.go     a directory that a sink puts files into
//	store.go   one file of it: a goroutine that writes, behind a bounded queue
//	finish.go  how it gets its name, when all of it is there
//	state.go   what is known of an unfinished file, such that a crash never claims a block that is not there
//
// It is, as endpoint below package stream, a part of apps that has files and goroutines.
package disk
