//go:build linux || darwin

package gf_test

import (
	"bytes"
	"syscall"
	"testing"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// island is memory with pages on both sides that nobody may read or write.
func island(t *testing.T) []byte {
	t.Helper()
	page := syscall.Getpagesize()
	all, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatalf("map three pages: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Errorf("unmap them: %v", err)
		}
	})
	for _, shore := range [][]byte{all[:page], all[2*page:]} {
		if err := syscall.Mprotect(shore, syscall.PROT_NONE); err != nil {
			t.Fatalf("protect a page: %v", err)
		}
	}
	return all[page : 2*page : 2*page]
}

// Not a byte outside of the slices is read: it would end the test. Packets lie at the beginning and at the end of a
// page whose neighbours are protected.
func TestNoByteOutsideIsRead(t *testing.T) {
	var pages [4][]byte
	for i := range pages {
		pages[i] = island(t)
	}
	random := randomBytes(len(pages[0]), 1)
	atLevels(t, func(t *testing.T, k gf.Kernels) {
		for n := 0; n <= mostBytes; n += sampling(k) {
			for _, end := range []bool{false, true} {
				var p [4][]byte
				for i, page := range pages {
					copy(page, random)
					p[i] = page[:n]
					if end {
						p[i] = page[len(page)-n:]
					}
				}
				for _, op := range operations {
					op.call(k, p[0], p[1:])
				}
				rows := [][]byte{coefs[:2], coefs[1:]}
				k.MatMulAdd(p[:2], p[2:], rows)
				for _, page := range pages[2:] {
					if !bytes.Equal(page, random) {
						t.Fatalf("%d bytes: a source was written", n)
					}
				}
			}
		}
	})
}
