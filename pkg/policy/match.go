package policy

import (
	"slices"

	"github.com/slo-cli/slo/pkg/slo"
)

// matcher is a [Match] whose names have been looked up.
type matcher struct {
	match Match
	// named are the keys of the objectives that any of the names picks.
	named map[string]bool
}

// key tells objectives apart: by id, or by name where a file gives none.
func key(d slo.Definition) string {
	if d.ID != "" {
		return d.ID
	}
	return "\x00" + string(d.Source) + "\x00" + d.Name
}

func newMatcher(m Match, listed []slo.Definition) matcher {
	x := matcher{match: m, named: map[string]bool{}}
	for _, name := range m.Names {
		for _, i := range slo.Named(name.Text, listed) {
			x.named[key(listed[i])] = true
		}
	}
	return x
}

// matchers belong to the sections.
func (p Policy) matchers(listed []slo.Definition) []matcher {
	all := make([]matcher, len(p.Sections))
	for i, s := range p.Sections {
		all[i] = newMatcher(s.Match, listed)
	}
	return all
}

// picks reports whether every list of the match that is not empty matches.
func (m matcher) picks(d slo.Definition) bool {
	return (len(m.match.Names) == 0 || m.named[key(d)]) &&
		hasAny(d.Tags, "service", m.match.Services) &&
		hasAny(d.Tags, "env", m.match.Envs) &&
		hasAny(d.Tags, "team", m.match.Teams) &&
		slo.HasTags(d.Tags, m.match.Tags)
}

// hasAny reports whether the tag has any of the values; no values ask for nothing.
func hasAny(tags []string, tag string, values []string) bool {
	return len(values) == 0 || slices.ContainsFunc(values, func(v string) bool {
		return slo.HasTags(tags, []string{tag + ":" + v})
	})
}

// everything reports whether the match picks whatever there is.
func (m Match) everything() bool {
	return len(m.Names)+len(m.Services)+len(m.Envs)+len(m.Teams)+len(m.Tags) == 0
}

// Unknown are the names by which sections match that name no objective.
func (p Policy) Unknown(listed []slo.Definition) []Name {
	var unknown []Name
	for _, s := range p.Sections {
		for _, name := range s.Match.Names {
			if len(slo.Named(name.Text, listed)) == 0 {
				unknown = append(unknown, name)
			}
		}
	}
	return unknown
}

// including is the list with the definitions that it lacks: what is selected exists.
func including(listed []slo.Definition, more ...slo.Definition) []slo.Definition {
	known := make(map[string]bool, len(listed))
	for _, d := range listed {
		known[key(d)] = true
	}
	all := slices.Clip(listed)
	for _, d := range more {
		if !known[key(d)] {
			known[key(d)] = true
			all = append(all, d)
		}
	}
	return all
}
