package a

import "github.com/ioverlay/ioverlay/algos"

type Loops struct {
	algos.Base
	n int
}

func (l *Loops) Endless() {
	for { // want `endless loop: `
		l.n++
	}
}

func (l *Loops) InnerBreak() {
	for true { // want `endless loop: `
		for range 3 {
			break
		}
		switch l.n {
		case 1:
			break
		}
	}
}

func (l *Loops) Ends() int {
	for {
		if l.n++; l.n > 3 {
			break
		}
	}
outer:
	for {
		for {
			break outer
		}
	}
	for {
		switch l.n {
		case 3:
			return 1
		}
		l.n--
	}
}
