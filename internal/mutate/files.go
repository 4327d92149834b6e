package main

import (
	"fmt"
	"go/build"
	"path/filepath"
)

// packageFiles are the files that the go command would build here.
func packageFiles(dir string) ([]string, error) {
	p, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, fmt.Errorf("package in %s: %w", dir, err)
	}
	files := make([]string, len(p.GoFiles))
	for i, f := range p.GoFiles {
		files[i] = filepath.Join(dir, f)
	}
	return files, nil
}
