// Package observer has the commands that watch an overlay and steer it.
//
//	observer.go  observer: runs one
//	ctl.go       ctl: gives orders to one that runs, over HTTP; client.go how it asks, ctlnodes.go and
//	             ctlrecord.go its commands that are no orders to nodes
package observer
