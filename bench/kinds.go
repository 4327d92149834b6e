package bench

import (
	"errors"
	"fmt"
	"strings"
)

// Role says which side of a comparison a kind is on.
type Role string

// The two roles.
const (
	RoleLink     Role = "link"     // the engine over some kind of link
	RoleBaseline Role = "baseline" // what it is compared with
)

// Kind is one sort of chain.
type Kind struct {
	Name  string
	Role  Role
	Build Builder
}

// Kinds lists every kind there is, in the order in which tables and charts show them.
func Kinds() []Kind {
	return []Kind{
		{Name: "tcp", Role: RoleLink, Build: buildTCP},
		{Name: "mem", Role: RoleLink, Build: buildMem},
		{Name: "proc", Role: RoleLink, Build: buildProc},
		{Name: "shm", Role: RoleLink, Build: buildShm},
		{Name: "goroutine", Role: RoleBaseline, Build: buildGoroutine},
		{Name: "raw", Role: RoleBaseline, Build: buildRaw},
	}
}

// ErrUnknownKind is what FindKind's errors wrap.
var ErrUnknownKind = errors.New("unknown kind")

// FindKind returns the kind of that name.
func FindKind(kinds []Kind, name string) (Kind, error) {
	for _, k := range kinds {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("%w %q; there are: %s", ErrUnknownKind, name, strings.Join(names(kinds), ", "))
}

// KindNames returns the names of the kinds with the given role, in order.
func KindNames(kinds []Kind, role Role) []string {
	var found []string
	for _, k := range kinds {
		if k.Role == role {
			found = append(found, k.Name)
		}
	}
	return found
}

func names(kinds []Kind) []string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = k.Name
	}
	return all
}
