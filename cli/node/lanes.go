package node

import (
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// readLanes reads the value of --lanes: how a link's applications share its lanes.
func readLanes(text string) (core.LaneMode, error) {
	switch text {
	case "app":
		return core.LanePerApp, nil
	case "shared":
		return core.LaneShared, nil
	}
	return 0, console.Usage("lanes", text, "app (a lane for each application) or shared (one for all), the same at both ends of a link")
}

// linksOf is what --shm stands for.
func linksOf(shm bool) engine.Links {
	if shm {
		return engine.Shm
	}
	return engine.TCP
}
