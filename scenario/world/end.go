package world

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/sim"
)

// The two moments that all nodes of a world share, in each of the worlds: everybody is
// up, and the run is over.

// endTime is how long nodes may take to end once all have been told: far more than it
// takes to close links that live, and little enough to wait for in real time.
const endTime = 5 * time.Second

// Live: one engine tells all of its nodes.

func (w *live) Begin() error {
	w.eng.AllUp()
	w.clock.begin()
	return nil
}

func (w *live) End() (unfinished string, err error) { return endEngine(w.eng) }

// endEngine ends an engine. That there was not time enough for what a node had accepted
// is no error: the links that it waits for may be cut.
func endEngine(e *engine.Engine) (unfinished string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if err = e.Stop(ctx); errors.Is(err, context.DeadlineExceeded) {
		return err.Error(), nil
	}
	return "", err
}

// Virtual time.

func (w *virtual) Begin() error {
	if err := w.running(func() error { return w.world.RunUntil(w.world.Now()) }); err != nil { // its first instant
		return fmt.Errorf("world: virtual time: %w", err)
	}
	w.began, w.begun = w.world.Now(), true
	return nil
}

func (w *virtual) End() (unfinished string, err error) {
	if err = w.running(func() error { return w.world.Stop(endTime) }); errors.Is(err, sim.ErrUnfinished) {
		return err.Error(), nil
	}
	return "", err
}

// Processes: a command to all, and then the answers of all.

func (w *proc) Begin() error {
	if _, err := w.everybody(askAllUp); err != nil {
		return err
	}
	w.up = true
	w.clock.begin()
	return nil
}

// End has all nodes told before it has any of them stopped.
func (w *proc) End() (unfinished string, err error) {
	_, err = w.everybody(askStopping)
	replies, endErr := w.everybody(askEnd)
	var late []string
	for _, r := range replies {
		if r.Unfinished != "" {
			late = append(late, r.Unfinished)
		}
	}
	return strings.Join(late, "\n"), errors.Join(err, endErr)
}

// everybody asks all processes that run, and reads the first answer when all have been
// asked. One that does not answer keeps nobody else from it.
func (w *proc) everybody(what ask) (replies []reply, err error) {
	var asked []*process
	for node := range w.nodes {
		p := w.running(node)
		if p == nil {
			continue
		}
		if sendErr := p.send(request{Ask: what}); sendErr != nil {
			err = errors.Join(err, sendErr)
			continue
		}
		asked = append(asked, p)
	}
	for _, p := range asked {
		r, answerErr := p.reply(context.Background())
		p.over = what == askEnd && answerErr == nil
		err = errors.Join(err, answerErr)
		replies = append(replies, r)
	}
	return replies, err
}

// end is a process's side of the end: it answers once its node has ended.
func (c *child) end() reply {
	unfinished, err := endEngine(c.eng)
	a := reply{Counters: c.count(), Unfinished: unfinished}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// startEngine starts a process's engine, on the clock of its world.
func startEngine(b boot) (*engine.Engine, *shortage, error) {
	opt := b.Tuning.engine(b.Setup.Seed)
	opt.Loops = 1
	opt.Epoch = b.Epoch
	if !b.TCP {
		opt.Links = engine.Shm
	}
	short := listen(&opt)
	eng, err := engine.New(opt)
	if err != nil {
		return nil, nil, fmt.Errorf("world: start the engine: %w", err)
	}
	if b.Up {
		eng.AllUp()
	}
	return eng, short, nil
}
