// Command mutate changes the code in small ways and says which changes no test notices: conditions negated or cut in
// half, comparisons and signs swapped, statements deleted, numbers one larger. Source files are not touched.
//
//	go run ./internal/mutate ./ring ./core/engine/turn.go     every mutant of a package and of a file
//	go run ./internal/mutate -sample 20 -seed 7 ./core        20 of them
//
// It prints the survivors as file:line and ends with 1 if there are any that testdata/survivors.txt does not explain.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

type options struct {
	sample  int
	seed    uint64
	list    string
	timeout time.Duration
	budget  time.Duration
	only    string
	first   string
	args    []string
	dry     bool
	targets []string
}

func main() {
	var o options
	flag.IntVar(&o.sample, "sample", 0, "how many mutants to try; 0 for all")
	flag.Uint64Var(&o.seed, "seed", 1, "which ones a sample has")
	flag.StringVar(&o.list, "survivors", "internal/mutate/testdata/survivors.txt", "survivors that are understood")
	flag.DurationVar(&o.timeout, "timeout", 2*time.Minute, "how long the tests of a package may take")
	flag.DurationVar(&o.budget, "budget", 0, "begin no mutant after this time; 0 for no bound")
	flag.BoolVar(&o.dry, "n", false, "list the mutants only")
	flag.StringVar(&o.only, "only", "", "a regular `expression`: try mutants alone whose key has it, as -n prints them")
	flag.StringVar(&o.first, "first", "", "arguments to go test of a run before, of fast tests that notice most, such as -skip=TestSlow")
	args := flag.String("args", "-short", "arguments to go test")
	flag.Parse()
	o.args, o.targets = strings.Fields(*args), flag.Args()
	clean, err := run(context.Background(), o, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if !clean {
		os.Exit(1)
	}
}

// run tries the mutants and reports whether all that survived are understood.
func run(ctx context.Context, o options, w io.Writer) (clean bool, err error) {
	mutants, err := choose(o)
	if err != nil {
		return false, err
	}
	if o.dry {
		for _, m := range mutants {
			fmt.Fprintf(w, "%s:%d: %s\n", m.file, m.line, m.key())
		}
		return true, nil
	}
	understood, err := readKnown(o.list)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &runner{dir: dir, timeout: o.timeout, first: o.first, args: o.args}
	return tryAll(ctx, r, mutants, understood, o.budget, w)
}

// tryAll tries one mutant after another and says what became of them.
func tryAll(ctx context.Context, r *runner, mutants []*mutant, understood known, budget time.Duration, w io.Writer) (bool, error) {
	begun := time.Now()
	count := map[fate]int{}
	tried, unknown := 0, 0
	for _, m := range mutants {
		if budget > 0 && time.Since(begun) > budget {
			break
		}
		f, err := r.try(ctx, m)
		if err != nil {
			return false, err
		}
		tried++
		count[f]++
		if f != survived {
			continue
		}
		reason, ok := understood[m.key()]
		if !ok {
			unknown++
			reason = "NOT EXPLAINED"
		}
		fmt.Fprintf(w, "%s:%d: survived: %s  # %s\n", m.file, m.line, m.key(), reason)
	}
	fmt.Fprintf(w, "%d mutants of %d tried: %d killed, %d hung, %d do not compile, %d survived, of which %d are not explained\n",
		tried, len(mutants), count[killed], count[hung], count[invalid], count[survived], unknown)
	return unknown == 0, nil
}

// choose lists the mutants of all targets, or a sample of them in random order.
func choose(o options) ([]*mutant, error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	var all []*mutant
	for _, t := range o.targets {
		files, err := filesOf(t)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			ms, err := mutantsOf(f)
			if err != nil {
				return nil, err
			}
			all = append(all, slices.DeleteFunc(ms, func(m *mutant) bool { return !only.MatchString(m.key()) })...)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("nothing to change in %v: name packages such as ./ring, or files, and see whether -only %q leaves any", o.targets, o.only)
	}
	if o.sample > 0 {
		rand.New(rand.NewPCG(o.seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:min(o.sample, len(all))]
	}
	return all, nil
}

// filesOf are the source files of a package's folder, without tests and what is built elsewhere only, or the file itself.
func filesOf(target string) ([]string, error) {
	target = filepath.Clean(target)
	if strings.HasSuffix(target, ".go") {
		return []string{target}, nil
	}
	return packageFiles(target)
}
