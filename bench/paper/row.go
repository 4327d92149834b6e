package paper

import (
	"fmt"
	"math"
	"strconv"
)

// Verdict is what a row comes to.
type Verdict string

// The verdicts.
const (
	Agrees       Verdict = "agrees"
	Differs      Verdict = "differs"
	Incomparable Verdict = "cannot be compared"
)

// Row is a quantity of the paper beside ours.
type Row struct {
	Kind       string   `json:"kind"` // ObjectRow
	Figure     string   `json:"figure"`
	World      string   `json:"world"`
	Quantity   string   `json:"quantity"`
	Unit       string   `json:"unit"`
	Paper      *float64 `json:"paper"`                // null where the paper gives no number
	Says       string   `json:"paper_says,omitempty"` // what it says in place of one
	Source     string   `json:"source"`               // where in the paper
	Measured   *float64 `json:"measured"`
	Difference *float64 `json:"difference"` // of ours from the paper's, as a share of it
	Tolerance  string   `json:"tolerance,omitempty"`
	Verdict    Verdict  `json:"verdict"`
	Because    string   `json:"because,omitempty"` // why it cannot be compared, or differs

	agrees bool
}

// ObjectRow is the "kind" of a row among results.
const ObjectRow = "comparison"

// within compares with a number of the paper: it agrees up to a share of it.
func within(quantity, unit, source string, paper, measured, share float64) Row {
	return Row{Quantity: quantity, Unit: unit, Source: source, Paper: &paper, Measured: &measured,
		Tolerance: fmt.Sprintf("±%s%%", number(100*share)), agrees: math.Abs(measured-paper) <= share*math.Abs(paper)+1e-9}
}

// atMost compares with a number of the paper that ours is not to exceed by more than a slack, and atLeast with one that it is to reach.
func atMost(quantity, unit, source string, paper, measured, slack float64) Row {
	return Row{Quantity: quantity, Unit: unit, Source: source, Paper: &paper, Measured: &measured,
		Tolerance: "at most " + number(paper+slack), agrees: measured <= paper+slack}
}

func atLeast(quantity, unit, source string, paper, measured float64) Row {
	return Row{Quantity: quantity, Unit: unit, Source: source, Paper: &paper, Measured: &measured,
		Tolerance: "at least the paper's", agrees: measured >= paper}
}

// below and above test what the paper says in words.
func below(quantity, unit, source, says string, measured, bound float64) Row {
	return Row{Quantity: quantity, Unit: unit, Source: source, Says: says, Measured: &measured,
		Tolerance: "below " + number(bound), agrees: measured < bound}
}

func above(quantity, unit, source, says string, measured, bound float64) Row {
	return Row{Quantity: quantity, Unit: unit, Source: source, Says: says, Measured: &measured,
		Tolerance: "above " + number(bound), agrees: measured > bound}
}

// apart is a row that cannot be compared, and says why. NaN as the paper's number means that it gives none.
func apart(quantity, unit, source string, paper, measured float64, because string) Row {
	r := Row{Quantity: quantity, Unit: unit, Source: source, Verdict: Incomparable, Because: because}
	if !math.IsNaN(paper) {
		r.Paper = &paper
	}
	if !math.IsNaN(measured) {
		r.Measured = &measured
	}
	return r
}

// finish completes a row.
func (r *Row) finish(figure, world string) {
	r.Kind, r.Figure, r.World = ObjectRow, figure, world
	if r.Measured != nil && (math.IsNaN(*r.Measured) || math.IsInf(*r.Measured, 0)) {
		r.Measured, r.Verdict, r.Because = nil, Incomparable, "it was not measured"
	}
	if r.Paper != nil && r.Measured != nil && *r.Paper != 0 {
		d := *r.Measured / *r.Paper - 1
		r.Difference = &d
	}
	switch {
	case r.Verdict != "":
	case r.agrees:
		r.Verdict = Agrees
	default:
		r.Verdict = Differs
	}
}

// Cells are a row for people, under the heads of RowHeads.
func (r *Row) Cells() []string {
	paper, measured, difference := r.Says, "", ""
	if r.Paper != nil {
		paper = number(*r.Paper)
	}
	if r.Measured != nil {
		measured = number(*r.Measured)
	}
	if r.Difference != nil {
		difference = fmt.Sprintf("%+.1f%%", 100**r.Difference)
		if math.Abs(*r.Difference) >= 10 {
			difference = fmt.Sprintf("%.3g times", 1+*r.Difference)
		}
	}
	verdict := string(r.Verdict)
	if r.Because != "" {
		verdict += ", because " + r.Because
	} else if r.Tolerance != "" {
		verdict += " (" + r.Tolerance + ")"
	}
	return []string{r.Quantity, r.Unit, paper, measured, difference, verdict}
}

// RowHeads are the columns of Cells.
var RowHeads = []string{"quantity", "unit", "paper", "measured", "difference", "verdict"}

// number writes a number with as many digits as anybody reads.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
