//go:build !linux

package failures

import (
	"context"
	"errors"
)

// nets is network namespaces, which this system does not have.
type nets struct{ left, middle, right string }

const (
	leftAddr  = ""
	rightAddr = ""
)

var errNoNets = errors.New("this system has no network namespaces")

func newNets(context.Context) (*nets, error) { return nil, errNoNets }

func (n *nets) close() {}

func in(_ string, program []string) []string { return program }

func (n *nets) cut(context.Context) error { return errNoNets }

func (n *nets) join(context.Context) error { return errNoNets }

func (n *nets) lose(context.Context, int) error { return errNoNets }
