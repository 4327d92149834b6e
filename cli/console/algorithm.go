package console

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// AlgorithmFlags are --algorithm and --param: an algorithm that the program knows, and values of its parameters.
type AlgorithmFlags struct {
	Name   string
	Params []string // NAME=VALUE
}

// Define defines the flags. help says what --algorithm is for.
func (f *AlgorithmFlags) Define(fl *pflag.FlagSet, value, help string) {
	fl.StringVar(&f.Name, "algorithm", value, help)
	fl.StringArrayVar(&f.Params, "param", nil, "with --algorithm: a parameter of it, such as probability=50%; the others have their defaults; may be given again")
}

// Read is the values of all parameters of the algorithm, and nil if none is named. What is wrong is wrong usage.
func (f *AlgorithmFlags) Read(r *scenario.Registry) (spec.Params, error) {
	if f.Name == "" {
		if len(f.Params) > 0 {
			return nil, Usage("param", f.Params[0], "only together with --algorithm")
		}
		return nil, nil
	}
	if _, ok := r.Params(f.Name); !ok {
		return nil, Usage("algorithm", f.Name, Either(r.Names()))
	}
	given := make(map[string]string, len(f.Params))
	for _, text := range f.Params {
		key, value, ok := strings.Cut(text, "=")
		if _, twice := given[key]; !ok || twice {
			return nil, Usage("param", text, "NAME=VALUE, each name once")
		}
		given[key] = value
	}
	params, err := spec.GivenParams(r, f.Name, given)
	if err != nil {
		return nil, Usage("param", strings.Join(f.Params, " "), "parameters of the algorithm ("+err.Error()+")")
	}
	return params, nil
}

// Args are the flags again, as arguments of a process.
func (f *AlgorithmFlags) Args() (args []string) {
	if f.Name != "" {
		args = append(args, "--algorithm="+f.Name)
	}
	for _, p := range f.Params {
		args = append(args, "--param="+p)
	}
	return args
}

// Words are the flags again, as they stand on a command line, with a space before each.
func (f *AlgorithmFlags) Words() (s string) {
	if f.Name != "" {
		s = " --algorithm " + f.Name
	}
	for _, p := range f.Params {
		s += fmt.Sprintf(" --param %q", p)
	}
	return s
}
