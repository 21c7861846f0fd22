package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
)

// Ranks of the contract's order: breached, rows with an error, no_data, warning, ok.
const (
	rankBreached = iota
	rankError
	rankNoData
	rankWarning
	rankOK
)

// urgency is what rows are ordered by: the rank of the worst window, then the
// lowest remaining budget; what has no budget comes after what has one.
type urgency struct {
	rank      int
	remaining float64
}

func urgencyOf(windows []slo.Assessment, d *slo.Defect) urgency {
	worst := urgency{rank: rankNoData, remaining: math.Inf(1)}
	if d != nil {
		worst.rank = rankError
		return worst
	}
	for i, w := range windows {
		u := urgency{rank: rankOf(w.State), remaining: math.Inf(1)}
		if w.Budget != nil {
			u.remaining = w.Budget.RemainingPercent
		}
		if i == 0 || u.compare(worst) < 0 {
			worst = u
		}
	}
	return worst
}

func (u urgency) compare(v urgency) int {
	return cmp.Or(cmp.Compare(u.rank, v.rank), cmp.Compare(u.remaining, v.remaining))
}

func rankOf(s slo.State) int {
	switch s {
	case slo.Breached:
		return rankBreached
	case slo.NoData:
		return rankNoData
	case slo.Warning:
		return rankWarning
	case slo.OK:
		return rankOK
	default:
		panic("state " + string(s))
	}
}

// worstFirst sorts rows, and the groups inside them, in the contract's order.
func worstFirst(rows []evaluation.Row) []evaluation.Row {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Groups = slices.Clone(rows[i].Groups)
		slices.SortStableFunc(rows[i].Groups, func(a, b evaluation.Group) int {
			return cmp.Or(urgencyOf(a.Windows, nil).compare(urgencyOf(b.Windows, nil)), cmp.Compare(a.Name, b.Name))
		})
	}
	slices.SortStableFunc(rows, func(a, b evaluation.Row) int {
		return cmp.Or(urgencyOf(a.Windows, a.Defect).compare(urgencyOf(b.Windows, b.Defect)),
			cmp.Compare(a.Definition.Name, b.Definition.Name), cmp.Compare(a.Definition.ID, b.Definition.ID))
	})
	return rows
}
