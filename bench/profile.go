package bench

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/google/pprof/profile"
)

func profilePath(dir string, s Spec) string {
	return filepath.Join(dir, fmt.Sprintf("%s-%d-nodes-round-%d.pprof", s.Kind, s.Nodes, s.Round))
}

// MergeProfiles writes one CPU profile made of those that the points of a run left behind: those of the link kinds
// or, if the run had none, of all. Each sample is labelled with the kind and the number of nodes it comes from, so
// that pprof's -tagfocus can tell them apart. A run that measured nothing leaves no file.
func MergeProfiles(r Report, file string) error {
	var parts []*profile.Profile
	for _, s := range profiled(r) {
		part, err := readProfile(s)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the point failed, or the run was interrupted before it
		}
		if err != nil {
			return err
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return nil
	}
	merged, err := profile.Merge(parts)
	if err != nil {
		return fmt.Errorf("merge %d CPU profiles: %w", len(parts), err)
	}
	return writeProfile(merged, file)
}

// profiled lists the points whose profiles are wanted.
func profiled(r Report) []Spec {
	wanted := KindNames(r.Plan.Kinds, RoleLink)
	if len(wanted) == 0 {
		wanted = names(r.Plan.Kinds)
	}
	isWanted := make(map[string]bool)
	for _, name := range wanted {
		isWanted[name] = true
	}
	var specs []Spec
	for _, s := range r.Plan.Specs() {
		if s.CPUProfile != "" && isWanted[s.Kind] {
			specs = append(specs, s)
		}
	}
	return specs
}

func readProfile(s Spec) (*profile.Profile, error) {
	file, err := os.Open(s.CPUProfile)
	if err != nil {
		return nil, fmt.Errorf("open the CPU profile of a point: %w", err)
	}
	part, err := profile.Parse(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("read the CPU profile %s: %w", s.CPUProfile, err)
	}
	part.SetLabel("kind", []string{s.Kind})
	part.SetLabel("nodes", []string{strconv.Itoa(s.Nodes)})
	return part, nil
}

func writeProfile(p *profile.Profile, name string) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("create the CPU profile: %w", err)
	}
	if err := errors.Join(p.Write(file), file.Close()); err != nil {
		return fmt.Errorf("write the CPU profile %s: %w", name, err)
	}
	return nil
}
