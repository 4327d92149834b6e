//go:build !linux

package engine

import "time"

// alarm wakes a loop at a time: a timer of the Go runtime.
type alarm struct {
	loop  *loop
	timer *time.Timer
}

func (a *alarm) open(lp *loop) error {
	a.loop = lp
	return nil
}

// set sets the alarm d from now, in place of any other time.
func (a *alarm) set(d time.Duration) {
	if a.timer != nil {
		a.timer.Stop()
	}
	a.timer = time.AfterFunc(d, func() { a.loop.post(func() { a.loop.timers.ready(0) }) })
}

// stop makes the alarm silent.
func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// clear takes note that the alarm has gone off.
func (a *alarm) clear() {}

func (a *alarm) close() error {
	a.stop()
	return nil
}
