// Package record is the vocabulary in which an overlay is shown, kept and replayed: nodes, links, events, states that
// algorithms declare, single transfers of messages. A live overlay, a recorded run and a run in virtual time all speak
// it, so that whoever shows one can show the others. Nothing here reads a clock or a file.
//
// What changes is said in an [Update]. Its nodes and links are patches with the meaning of JSON Merge Patch (RFC 7396):
// a field that is missing has not changed, null means that there is no value any more, objects merge and everything else
// is replaced. A [Model] takes updates and knows how things stand; its snapshot is an update as well, one that is full.
//
// Units: times are nanoseconds since the world's beginning here and seconds in JSON; rates are bytes a second, sizes
// bytes, ratios 0 to 1, processor time cores.
//
//	field.go      a value that may be missing, or gone
//	time.go       times, and how they are written
//	node.go       nodes and links, and what is of one application
//	event.go      events, states and transfers
//	leaves.go     every field of a node and a link, in one table: all that follows goes by it
//	merge.go      applying a patch; diff.go: the patch between two
//	encode.go     to JSON; decode.go: from it
//	patch.go      RFC 7396 itself, for what algorithms say of themselves
//	model.go      how things stand
//	path.go       what a field of a node or link is called, and all of them one by one
//	between.go    the update between two models
//	columns.go    transfers as binary columns
package record
