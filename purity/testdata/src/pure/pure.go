// Package pure has no algorithm: anything goes.
package pure

import "time"

func Run(c chan int) {
	for {
		go func() { c <- 1 }()
		time.Sleep(time.Until(time.Now()))
	}
}
