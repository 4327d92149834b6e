// Package live runs an observer (package observer) on an engine of its own, keeps what it tells, and shows it as an api.Live
// and api.Controller.
//
//	live.go       starting and ending; orders
//	store.go      how things stand, and who is told of changes
//	subscribe.go  those who follow
//	history.go    what was, as far back as the memory for it goes
//	past.go       questions about it
//	logbook.go    lines of the log, in memory and as JSON lines
//	recorder.go   what is shown, as a recording; recordings.go those that are begun over HTTP
//	remember.go   the file with the nodes that were there, for the observer after this one
//
// What the observer tells goes through a channel to one goroutine, which keeps it. That goroutine waits for nobody.
package live
