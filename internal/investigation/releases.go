package investigation

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// sameRelease is how far apart the reports of one release may be.
const sameRelease = hour

// firstSeen ends the title of a version that nobody reported.
const firstSeen = " first seen"

// firsts are the instants at which versions of the place were seen first: after
// time in which others were, and in which it would have been seen.
func (p *place) firsts(k *look) []timeseries.Event {
	if p.total == nil {
		return nil
	}
	began := slices.IndexFunc(p.total.requests, func(v float64) bool { return !math.IsNaN(v) })
	var all []timeseries.Event
	for _, g := range p.versions {
		version := strings.TrimPrefix(g.Tags[0], "version:")
		first := slices.IndexFunc(g.Series.Values, func(v float64) bool { return v > 0 })
		apart := int(day / k.report.Step)
		if version == "" || strings.EqualFold(version, "n/a") || first < began+apart {
			continue
		}
		if p.versionsKnown != nil && slices.Contains(p.versionsKnown[max(0, first-apart):first], false) {
			continue // it may have come in the time that is not known
		}
		all = append(all, timeseries.Event{
			At: g.Series.Start + int64(first)*g.Series.Step, Kind: timeseries.Deployment, Title: "version " + version + firstSeen,
			Service: p.Service, Env: p.Env, Version: version,
		})
	}
	return all
}

// releasesOnce tells a release that was reported in several ways, or for several
// environments, once: by a report that says its version, else by any report, else
// by the version that was seen first.
func releasesOnce(all []timeseries.Event) []timeseries.Event {
	worth := func(e timeseries.Event) int {
		switch {
		case strings.HasSuffix(e.Title, firstSeen):
			return 2
		case e.Version == "":
			return 1
		}
		return 0
	}
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b timeseries.Event) int {
		return cmp.Or(cmp.Compare(worth(a), worth(b)), cmp.Compare(a.At, b.At), cmp.Compare(a.Title, b.Title))
	})
	var told []timeseries.Event
	for _, e := range order {
		i := slices.IndexFunc(told, func(t timeseries.Event) bool { return oneRelease(t, e) })
		if i < 0 {
			told = append(told, e)
			continue
		}
		told[i].Version = cmp.Or(told[i].Version, e.Version)
	}
	return told
}

// oneRelease reports whether two events tell of the same release.
func oneRelease(a, b timeseries.Event) bool {
	if max(a.At-b.At, b.At-a.At) > sameRelease || a.Service != "" && b.Service != "" && !strings.EqualFold(a.Service, b.Service) {
		return false
	}
	switch {
	case a.Version != "" && b.Version != "":
		return a.Version == b.Version
	case a.Version != "":
		return names(b.Title, a.Version)
	case b.Version != "":
		return names(a.Title, b.Version)
	}
	return strings.EqualFold(a.Title, b.Title)
}

// names reports whether a title has a version as a word: 1.2 is not in 1.2.3.
func names(title, version string) bool {
	for _, word := range strings.FieldsFunc(title, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:()[]@/", r) }) {
		word = strings.TrimRight(word, ".!")
		if strings.EqualFold(word, version) || strings.EqualFold(strings.TrimPrefix(strings.ToLower(word), "v"), version) {
			return true
		}
	}
	return false
}
