// Package purity finds what makes an algorithm impure, in its source: an analyzer for
// go vet (command ioverlay-vet). What only a run can show, "ioverlay check" finds
// (package scenario/check).
//
// An algorithm is pure if what it does follows from what it is given: its messages, the
// node's time, and the node's dice. Only then does one seed give one run, and only then
// does what was found in virtual time hold live.
//
// # What is looked at
//
// Types with a method Process(*core.Msg) core.Verdict, their own or that of algos.Base
// which they embed; sinks (Consume) and sources (Produce); what makes them, which is a
// function that returns such a type or is given a scenario.Env. Of these, all methods, and
// all that can be reached from there within the package, through interfaces of the package
// too, and what the package's variables that they name begin with. What functions and
// variables of other packages of the module do is reported where an algorithm names them, with
// file and line; packages of other modules, and iOverlay's own, are not looked into. Tests may
// do as they like.
//
// # What is found
//
//   - clock: time.Now, Since, Until, Sleep, After, Tick, timers and tickers, deadlines of contexts.
//   - goroutine, channel: go, send, receive, select, range over a channel, make, close.
//   - lock: everything of package sync.
//   - randomness: the functions of math/rand and math/rand/v2 that draw from the global
//     source, crypto/rand, the seeds of hash/maphash.
//   - world: functions of os, net, syscall and the like, and what package runtime says of
//     the machine.
//   - map order: a range over a map, or over maps.Keys, Values or All, whose body has an
//     effect that can depend on the order (see mapOrder); keys that are collected and not sorted.
//   - write after send: into the payload of a message that was sent on a way that leads
//     here, or that Process or a handler was given; by a function that is handed it, too.
//   - kept message: a message or its payload put into a field, map, slice, package variable or a
//     closure that is called later, in a function that neither retains it nor answers Hold.
//   - endless loop: a for, or a goto, that nothing leaves; a condition that nothing in the loop
//     can change; a function that calls itself on every way.
//
// All of these are heuristics: a loop whose end depends on values, function values that are kept in
// fields, and reflection are not seen. What they do not see, "ioverlay check" may. A line that is right nevertheless is silenced, with the reason, by a comment on
// it or above it:
//
//	//ioverlay:impure counts for a test, and decides nothing
package purity
