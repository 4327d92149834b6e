// Package recording writes what happened in an overlay to a file, and reads it from any time on: one format for runs
// that are live, in processes and in virtual time, and for what an observer has seen.
//
// A [Writer] takes updates in order of time and single transfers of messages, and writes them in blocks. Each block
// begins with how things stood (a checkpoint), so going back to a time costs one block; behind the last is an index. A
// file whose writer was killed has no index, and is read up to its last whole block. Within a block every field of all
// nodes is a column of its own, compressed by itself, so that one field of one node over hours is read without the rest.
//
// The format is described in docs/recording.md, which is normative. Here nothing opens a file: a Writer has an
// io.Writer and a Reader an io.ReaderAt. The same updates give the same bytes.
//
//	format.go    what the file is made of, and its limits
//	meta.go      what it says of itself at its beginning and its end
//	column.go    a column as it grows; values.go: how values lie in it
//	rows.go      events, states and transfers as they grow
//	block.go     a block as it grows
//	writer.go    the writer
//	parse.go     reading numbers out of bytes that may be anything
//	cells.go     reading a column; readrows.go: events, states and transfers
//	open.go      opening a file, with its index or without
//	reader.go    what a reader answers (reader_series.go: of one figure)
package recording
