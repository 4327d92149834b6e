package trace

import (
	"errors"
	"io"
	"slices"
)

// Difference is where two traces part.
type Difference struct {
	Same   bool        `json:"same"`
	Common uint64      `json:"common"`           // records before they part; all of them if they are the same
	Before []Record    `json:"before,omitempty"` // the last that they have in common
	A      []Record    `json:"a,omitempty"`      // what comes then in the first; empty if it ends there
	B      []Record    `json:"b,omitempty"`      // and in the second
	AboutA [][2]string `json:"about_a,omitempty"`
	AboutB [][2]string `json:"about_b,omitempty"`
	HashA  string      `json:"hash_a,omitempty"` // if it was read to its end
	HashB  string      `json:"hash_b,omitempty"`
}

// Diff reads two traces until they part, and around records on each side of that
// place. What the traces are said to be of is not compared. Errors are those of
// [Reader.Next].
func Diff(a, b *Reader, around int) (Difference, error) {
	d := Difference{AboutA: a.About(), AboutB: b.About()}
	for {
		ra, errA := a.Next()
		rb, errB := b.Next()
		if err := errors.Join(notEnd(errA), notEnd(errB)); err != nil {
			return d, err
		}
		if errA == nil && errB == nil && ra.Same(rb) {
			d.Common++
			if around > 0 {
				if len(d.Before) == around {
					d.Before = slices.Delete(d.Before, 0, 1)
				}
				d.Before = append(d.Before, ra)
			}
			continue
		}
		d.Same = errA == io.EOF && errB == io.EOF
		d.HashA, d.HashB = a.Hash(), b.Hash()
		if d.Same {
			d.Before = nil
			return d, nil
		}
		var err1, err2 error
		d.A, err1 = following(a, ra, errA, around)
		d.B, err2 = following(b, rb, errB, around)
		return d, errors.Join(err1, err2)
	}
}

// following is a record and those after it, up to around of them.
func following(r *Reader, rec Record, err error, around int) (recs []Record, _ error) {
	for ; err == nil; rec, err = r.Next() {
		if recs = append(recs, rec); len(recs) > around {
			return recs, nil
		}
	}
	return recs, notEnd(err)
}

func notEnd(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
