package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/cache"
	"github.com/slo-cli/slo/internal/config"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
)

// keeping is the cache of one run.
type keeping struct {
	// cache is nil where none is used.
	cache *cache.Cache
	// asOf is the instant that the run is about, where it is not the present;
	// what was not settled by then is not kept.
	asOf time.Time
	// selection is what was selected, and to until when its figures reach.
	selection string
	to        int64
}

// asksNothing is whether the run must not send anything.
func (f *factory) asksNothing() bool { return f.global.offline || f.global.plan }

// keeping opens the cache of the organisation that is asked, once.
func (f *factory) keeping(s config.Settings) *keeping {
	if f.kept == nil {
		f.kept = &keeping{}
	}
	if f.kept.cache != nil || f.global.noCache || s.CacheDir == "" {
		return f.kept
	}
	keys := []string{s.Credentials.APIKey.Reveal(), s.Credentials.AppKey.Reveal()}
	if token := s.Credentials.AccessToken.Reveal(); token != "" {
		keys = []string{token} // then the keys are not sent
	}
	f.kept.cache = cache.Open(cache.Config{
		Store:        cache.Dir(s.CacheDir),
		Owner:        cache.OwnerOf(s.Site.Value, s.BaseURL.Value, keys...),
		Now:          f.earliestNow,
		SettledAfter: s.CacheSettled,
		Secrets:      f.secrets(),
		Refresh:      f.global.refresh,
		Offline:      f.global.offline,
		MaxBytes:     s.CacheMaxBytes,
	})
	return f.kept
}

// secrets are all credentials in the environment, also those that another one
// wins over: none of them belongs on a disk.
func (f *factory) secrets() []string {
	var all []string
	for _, name := range []string{"DD_API_KEY", "DD_APP_KEY", "DATADOG_API_KEY", "DATADOG_APP_KEY", "DD_ACCESS_TOKEN"} {
		if value, set := f.lookup(name); set {
			all = append(all, strings.TrimSpace(value))
		}
	}
	return all
}

// earliestNow is the earliest of all instants that may be the present: nothing
// is taken for past changing because a clock is fast, or because it was past
// changing only after the instant that was asked about.
func (f *factory) earliestNow() time.Time {
	now := f.now()
	if !f.kept.asOf.IsZero() && f.kept.asOf.Before(now) {
		now = f.kept.asOf
	}
	if f.stack != nil {
		if server, known := f.stack.Date(); known && server.Before(now) {
			now = server
		}
	}
	return now
}

// closeCache waits until what was learned is kept, and says what the reader
// must know of the cache.
func (f *factory) closeCache(ctx context.Context) []slo.Note {
	if f.kept == nil || f.kept.cache == nil {
		return nil
	}
	return f.kept.cache.Close(ctx)
}

// boardMark says until when the figures of a board reach.
type boardMark struct {
	To int64 `json:"to"`
}

// markName is the name under which the instant of the last board of a
// selection is filed.
func markName(selection string) string { return "last board " + selection }

// markBoard files until when the figures of a complete board reach, for --offline.
func (f *factory) markBoard(rows []evaluation.Row) {
	if f.kept == nil || f.kept.cache == nil || f.asksNothing() {
		return
	}
	for _, r := range rows {
		if r.Defect != nil && (r.Defect.Kind == slo.Unavailable || r.Defect.Kind == slo.Auth) {
			return // it is not what there is to see, only what could be seen at the moment
		}
	}
	f.mark()
}

// mark files until when the answer to the present question reaches.
func (f *factory) mark() {
	if f.kept == nil || f.kept.cache == nil || f.asksNothing() {
		return
	}
	if last, known := f.lastBoard(f.kept.selection); known && last > f.kept.to {
		return
	}
	if content, err := json.Marshal(boardMark{f.kept.to}); err == nil {
		f.kept.cache.File(markName(f.kept.selection), content)
	}
}

// lastBoard is until when the figures of the last complete board of a selection
// reach.
func (f *factory) lastBoard(selection string) (to int64, known bool) {
	content, _, there := f.kept.cache.Recall(markName(selection))
	var mark boardMark
	if !there || json.Unmarshal(content, &mark) != nil {
		return 0, false
	}
	return mark.To, true
}

// asOf settles which instant a run is about. Offline and without --at that is
// the one of the last board that is kept: nothing is known of the time since.
func (f *factory) asOf(s config.Settings, when evaluated, selection string) evaluated {
	kept := f.keeping(s)
	if f.global.offline && f.global.at == "" && kept.cache != nil {
		to, known := f.lastBoard(selection)
		if whole, also := f.lastBoard(everything); also && whole > to && !aboutServices(selection) {
			to, known = whole, true
		}
		if known && to < when.to {
			when = evaluated{at: time.Unix(to, 0).UTC(), to: to}
		}
	}
	if f.global.at != "" {
		kept.asOf = when.at
	}
	kept.selection, kept.to = selection, when.to
	return when
}

// everything is the selection of all objectives.
const everything = ""

// aboutServices tells the selections of commands that look at services from
// those of objectives: a board says nothing about what is kept of services.
func aboutServices(selection string) bool {
	return strings.HasPrefix(selection, "endpoints\x00") || strings.HasPrefix(selection, "investigate\x00")
}

// offlineNote says how old is what is shown without asking.
func (f *factory) offlineNote() []slo.Note {
	if !f.global.offline || f.datadog == nil {
		return nil
	}
	text := "offline: nothing was asked of Datadog"
	if oldest, known := f.datadog.Archived(); known {
		text += "; SLOs, corrections and Datadog's figures are as of " + oldest.UTC().Format("2006-01-02 15:04 UTC")
		if age := time.Since(oldest); age > 0 {
			text += fmt.Sprintf(", %s ago", roughly(age))
		}
	}
	return []slo.Note{{Code: "offline", Text: text}}
}

// roughly writes an age for people.
func roughly(age time.Duration) string {
	unit := func(n int, name string) string {
		if n != 1 {
			name += "s"
		}
		return fmt.Sprintf("%d %s", n, name)
	}
	switch {
	case age < time.Minute:
		return unit(int(age.Seconds()), "second")
	case age < 2*time.Hour:
		return unit(int(age.Minutes()), "minute")
	case age < 48*time.Hour:
		return unit(int(age.Hours()), "hour")
	}
	return unit(int(age.Hours()/24), "day")
}
