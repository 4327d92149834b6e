package purity

import (
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

const directive = "//ioverlay:impure"

// silence holds the lines that a comment silences: those with one, and those below one.
type silence map[string]map[int]bool

// silences reads the comments of a package. One without a reason silences nothing and is reported, since
// whoever reads it later cannot know whether it still holds.
func silences(pass *analysis.Pass) silence {
	s := make(silence)
	for _, file := range pass.Files {
		for _, group := range file.Comments {
			for _, c := range group.List {
				reason, ok := strings.CutPrefix(c.Text, directive)
				if !ok {
					continue
				}
				if strings.TrimSpace(reason) == "" || reason[0] != ' ' && reason[0] != '\t' {
					pass.Reportf(c.Pos(), "%s without a reason: say why the line is right nevertheless", directive)
					continue
				}
				at := pass.Fset.Position(c.Pos())
				if s[at.Filename] == nil {
					s[at.Filename] = make(map[int]bool)
				}
				s[at.Filename][at.Line] = true
				s[at.Filename][pass.Fset.Position(c.End()).Line+1] = true
			}
		}
	}
	return s
}

func (s silence) at(p token.Position) bool { return s[p.Filename][p.Line] }
