package file

import (
	"net"
	"testing"
)

// freeAddresses are addresses that nothing listens at now.
func freeAddresses(t *testing.T, n int) (all []string) {
	t.Helper()
	var open []net.Listener
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, l)
		all = append(all, l.Addr().String())
	}
	for _, l := range open {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
