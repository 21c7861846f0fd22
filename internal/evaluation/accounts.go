package evaluation

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slo-cli/slo/internal/recurrence"
	"github.com/slo-cli/slo/pkg/slo"
)

// Accounts evaluates one objective and holds every window against Datadog's
// history of the identical window, with status corrections and without. There
// are none where the row has a Defect.
func (s Service) Accounts(ctx context.Context, q Query) (Board, []Account, error) {
	board, jobs, records, err := s.evaluate(ctx, q, true)
	if err != nil || len(board.Rows) != 1 || len(board.Rows[0].Windows) == 0 {
		return board, nil, err
	}
	if board.Rows[0].Definition.Source != slo.FromDatadog {
		board.Notes = append(board.Notes, slo.Note{Code: "source_file", Text: "Datadog has no figure of an SLO that comes from a file"})
		return board, nil, nil
	}
	job, rec, windows := jobs[0], records[0], board.Rows[0].Windows
	accounts := make([]Account, len(windows))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(max(1, s.Runner.Concurrency))
	for i, a := range windows {
		group.Go(func() (err error) {
			accounts[i], err = s.account(within, job, rec, a)
			if err == nil || ctx.Err() != nil || kind(err) == slo.Auth || kind(err) == slo.Unavailable {
				return err
			}
			// What is wrong with one window says nothing about the others.
			d := DefectOf(err)
			accounts[i] = Account{
				Ours: sumsOf(a), Problem: d.Message,
				Comparison: Comparison{Objective: a.Objective, Window: a.Window, Ours: a.Attainment, Detail: d.Message},
			}
			return nil
		})
	}
	group.Go(func() error {
		board.Rows[0].Notes = append(slices.Clip(board.Rows[0].Notes), s.crossCheck(within, job, windows)...)
		return within.Err()
	})
	return board, accounts, group.Wait()
}

// crossCheck holds the status corrections that we apply against those that
// Datadog lists for the objective.
func (s Service) crossCheck(ctx context.Context, j Job, windows []slo.Assessment) []slo.Note {
	note := func(format string, args ...any) []slo.Note {
		return []slo.Note{{Code: "corrections_differ", Text: fmt.Sprintf(format, args...)}}
	}
	list, err := s.Catalog.CorrectionsOf(ctx, j.Definition.ID)
	if err != nil {
		return note("which status corrections Datadog applies to it could not be asked: %s", DefectOf(err).Message)
	}
	span := windows[len(windows)-1].Window // the longest reaches over the others
	ours, theirs := map[string]bool{}, map[string]bool{}
	for _, o := range j.Occurrences {
		if o.Span.Overlaps(span) {
			ours[o.ID] = true
		}
	}
	for _, c := range list {
		if c.Unreadable != "" {
			return note("Datadog lists a status correction for it that cannot be read: %s", c.Unreadable)
		}
		if occurrences, _, err := recurrence.Expand(c, span); err != nil || len(occurrences) > 0 {
			theirs[c.ID] = true
		}
	}
	if maps.Equal(ours, theirs) {
		return nil
	}
	return note("we apply the status corrections %s, Datadog lists %s",
		orNone(slices.Sorted(maps.Keys(ours))), orNone(slices.Sorted(maps.Keys(theirs))))
}

// account asks Datadog about one window, with corrections and without.
func (s Service) account(ctx context.Context, j Job, rec record, a slo.Assessment) (Account, error) {
	request := slo.HistoryRequest{ID: j.Definition.ID, Window: a.Window}
	if a.Objective.Target < slo.Hundred {
		request.Target = a.Objective.Target
	}
	corrected, err := s.Records.History(ctx, request)
	if err != nil {
		return Account{}, err
	}
	request.Uncorrected = true
	raw, err := s.Records.History(ctx, request)
	if err != nil {
		return Account{}, err
	}
	q := slo.Question{To: a.Window.End}
	bare, err := slo.Assess(a.Objective, rec.overall.events(nil, slo.ByStart, slo.Cuts(a.Objective.Timeframe, q)), q)
	if err != nil {
		return Account{}, err
	}
	account := Account{
		Ours: sumsOf(a), OursUncorrected: sumsOf(bare),
		Theirs: sumsFrom(corrected), TheirsUncorrected: sumsFrom(raw),
		Problem: corrected.Overall.Problem,
	}
	account.Comparison = Comparison{
		Objective: a.Objective, Window: a.Window, IndexedAt: 0,
		Attainment: corrected.Overall.Attainment, RemainingPercent: corrected.Overall.Remaining,
	}
	j.judge(&account.Comparison, rec, claim{
		figure: corrected.Overall.Attainment, decimals: corrected.Overall.Decimals, problem: corrected.Overall.Problem,
		window: a.Window, track: &corrected.Overall,
	})
	account.Comparison.Ours = a.Attainment
	if account.Reason == Unexplained {
		account.Evidence = account.evidence(j, a)
	}
	return account, nil
}

func sumsOf(a slo.Assessment) Sums {
	s := Sums{Attainment: a.Attainment, Good: a.Good, Valid: a.Valid}
	if a.Budget != nil {
		s.RemainingPercent = slo.Known(a.Budget.RemainingPercent)
	}
	return s
}

func sumsFrom(h slo.History) Sums {
	return Sums{Attainment: h.Overall.Attainment, Good: h.Good, Valid: h.Valid, RemainingPercent: h.Overall.Remaining}
}

// evidence is what somebody needs who is to look into the difference.
func (a Account) evidence(j Job, window slo.Assessment) []string {
	from, to := window.Window.Start, window.Window.End
	query := url.Values{"from_ts": {strconv.FormatInt(from, 10)}, "to_ts": {strconv.FormatInt(to, 10)}}
	var corrections []string
	for _, c := range window.Corrections {
		corrections = append(corrections, fmt.Sprintf("%s %s", c.ID, c.Span))
	}
	lines := []string{
		fmt.Sprintf("SLO %s, type %s, %s window %s", j.Definition.ID, j.Definition.Type, a.Objective.Timeframe, window.Window),
		"ours: " + a.Ours.text() + "; without corrections: " + a.OursUncorrected.text(),
		"Datadog: " + a.Theirs.text() + "; without corrections: " + a.TheirsUncorrected.text(),
		"corrections in the window: " + orNone(corrections),
		fmt.Sprintf("requests: GET /api/v1/slo/%s/history?%s and the same with apply_correction=false", j.Definition.ID, query.Encode()),
		"tried: corrections left out, other rules for their edges, time without data counted otherwise, sets of groups where there are few, " +
			"only what came after the last edit, late points, an instant up to an hour earlier, rounding",
	}
	if !j.Definition.Modified.IsZero() {
		lines = append(lines, "the SLO was last edited at "+j.Definition.Modified.UTC().Format("2006-01-02T15:04:05Z"))
	}
	return lines
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// text writes the figures with all their digits.
func (s Sums) text() string {
	var parts []string
	for _, f := range []struct {
		name   string
		figure slo.Figure
	}{{"attainment", s.Attainment}, {"good", s.Good}, {"total", s.Valid}, {"budget left %", s.RemainingPercent}} {
		if v, known := f.figure.Value(); known {
			parts = append(parts, fmt.Sprintf("%s %s", f.name, strconv.FormatFloat(v, 'f', -1, 64)))
		}
	}
	return orNone(parts)
}
