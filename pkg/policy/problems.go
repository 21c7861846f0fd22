package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Problem is what of a policy makes no sense or can never take effect.
type Problem struct {
	// Place is path:line:column; empty for the command line.
	Place, Message string
	Hints          []string
}

// finder collects problems.
type finder struct {
	policy Policy
	at     time.Time
	found  []Problem
}

func (f *finder) add(place, message string, hints ...string) {
	f.found = append(f.found, Problem{Place: place, Message: message, Hints: hints})
}

// Problems are what can be found before anything is fetched, at an instant, in
// order of place.
func (p Policy) Problems(at time.Time) []Problem {
	f := finder{policy: p, at: at}
	f.settings(func(string) string { return "" }, byCommandLine, p.Flags)
	for i, s := range p.Sections {
		f.section(i, s)
	}
	for i, c := range p.Calendars {
		if slices.ContainsFunc(p.Calendars[:i], func(d Calendar) bool { return d.Name == c.Name }) {
			f.add(c.Place, fmt.Sprintf("there are two calendars %q", c.Name), "give every calendar a name of its own")
		}
		f.calendar(c)
	}
	slices.SortStableFunc(f.found, func(a, b Problem) int { return comparePlaces(a.Place, b.Place) })
	return f.found
}

// comparePlaces orders path:line:column by path, then by number.
func comparePlaces(a, b string) int {
	pathA, lineA, columnA := splitPlace(a)
	pathB, lineB, columnB := splitPlace(b)
	return cmp.Or(cmp.Compare(pathA, pathB), cmp.Compare(lineA, lineB), cmp.Compare(columnA, columnB))
}

func splitPlace(place string) (path string, line, column int) {
	path = place
	for range 2 {
		i := strings.LastIndex(path, ":")
		if i < 0 {
			break
		}
		n, err := strconv.Atoi(path[i+1:])
		if err != nil {
			break
		}
		path, line, column = path[:i], n, line
	}
	return path, line, column
}

func (f *finder) section(i int, s Section) {
	if strings.TrimSpace(s.Name) == "" {
		f.add(s.Place, "a section of the policy has no name", "name: says in verdicts whose rule it is")
	}
	for _, before := range f.policy.Sections[:i] {
		if s.Name != "" && strings.EqualFold(before.Name, s.Name) {
			f.add(s.Place, fmt.Sprintf("there is a section %q already%s", s.Name, where(before.Place)), "give every section a name of its own")
			break
		}
	}
	f.settings(s.place, fmt.Sprintf("section %q", s.Name), s.Settings)
	f.useless(i, s)
	if s.Expect < 0 {
		f.add(s.place("expect"), fmt.Sprintf("section %q expects %d objectives", s.Name, s.Expect), "leave expect out for any number")
	}
	for _, name := range slices.Concat(s.Match.Names, s.Require) {
		if strings.TrimSpace(name.Text) == "" {
			f.add(cmp.Or(name.Place, s.Place), fmt.Sprintf("section %q has an empty name of an objective", s.Name))
		}
	}
	f.freezesOf(s)
	f.overridesOf(s)
}

// place is where a key of the section stands, such as budget or budget.warn, as exactly as is known.
func (s Section) place(key string) string {
	outer, _, _ := strings.Cut(key, ".")
	return cmp.Or(s.Places[key], s.Places[outer], s.Place)
}

// where names a place in a message.
func where(place string) string {
	if place == "" {
		return ""
	}
	return " at " + place
}

// useless finds settings that a later section always replaces.
func (f *finder) useless(i int, s Section) {
	for _, k := range s.Settings.keys() {
		for _, later := range f.policy.Sections[i+1:] {
			if !later.Match.covers(s.Match) || !later.Settings.replaces(s.Settings, k) {
				continue
			}
			f.add(s.place(k), fmt.Sprintf("%s of section %q can never take effect: section %q%s sets it again for the same objectives",
				k, s.Name, later.Name, where(later.place(k))), "later sections win; put the wider one first")
			break
		}
	}
}

// keys are the keys that are set.
func (s Settings) keys() []string {
	r := Resolved{From: map[string]string{}}
	r.take(s, "it")
	return slices.DeleteFunc(slices.Clone(Keys), func(k string) bool { return r.From[k] == "" })
}

// replaces reports whether nothing is left of a key that was set before. A burn
// threshold alone leaves the level as it was.
func (s Settings) replaces(before Settings, k string) bool {
	if !slices.Contains(s.keys(), k) {
		return false
	}
	for i := range Lookbacks {
		if k == burnKey(i) {
			return s.Burn[i].Level != "" || before.Burn[i].Level == ""
		}
	}
	return true
}

// covers reports whether the match surely picks all that another one picks.
func (m Match) covers(narrow Match) bool {
	return within(texts(narrow.Names), texts(m.Names)) && within(narrow.Services, m.Services) && within(narrow.Envs, m.Envs) &&
		within(narrow.Teams, m.Teams) && !slices.ContainsFunc(m.Tags, func(tag string) bool { return !containsFold(narrow.Tags, tag) })
}

// within reports whether any of the narrow values is surely one of the wide
// ones; no values ask for nothing.
func within(narrow, wide []string) bool {
	if len(wide) == 0 || len(narrow) == 0 {
		return len(wide) == 0
	}
	return !slices.ContainsFunc(narrow, func(v string) bool { return !containsFold(wide, v) })
}

func containsFold(all []string, v string) bool {
	return slices.ContainsFunc(all, func(w string) bool { return strings.EqualFold(v, w) })
}

func texts(names []Name) []string {
	var all []string
	for _, n := range names {
		all = append(all, n.Text)
	}
	return all
}

func (f *finder) freezesOf(s Section) {
	var seen []string
	for _, z := range s.Freezes {
		place := cmp.Or(z.Place, s.Place)
		if slices.Contains(seen, z.Calendar) {
			f.add(place, fmt.Sprintf("section %q names the calendar %q twice", s.Name, z.Calendar), "name every calendar once, with one level")
		}
		seen = append(seen, z.Calendar)
		if z.Level != Warn && z.Level != Block {
			f.add(place, fmt.Sprintf("a freeze cannot have the level %q", z.Level), "allowed are warn and block; to heed no calendar leave it out")
		}
		var known []string
		for _, c := range f.policy.Calendars {
			known = append(known, strconv.Quote(c.Name))
		}
		if slices.Contains(known, strconv.Quote(z.Calendar)) {
			continue
		}
		hint := "there are no calendars; write one under calendars:"
		if len(known) > 0 {
			hint = "known calendars: " + strings.Join(known, ", ")
		}
		f.add(place, fmt.Sprintf("there is no calendar %q", z.Calendar), hint)
	}
}

func (f *finder) overridesOf(s Section) {
	var seen []string
	for _, o := range s.Overrides {
		place := cmp.Or(o.Place, s.Place)
		if len(o.Rules) == 0 {
			f.add(place, "an override names no rule", "allowed are "+strings.Join(Overridable, ", "))
		}
		for _, rule := range o.Rules {
			switch {
			case slices.Contains(unoverridable, rule):
				f.add(place, fmt.Sprintf("the rule %q cannot be overridden: what is not known cannot be let pass", rule),
					"allowed are "+strings.Join(Overridable, ", "))
			case !slices.Contains(Overridable, rule):
				f.add(place, fmt.Sprintf("there is no rule %q", rule), "allowed are "+strings.Join(Overridable, ", "))
			case slices.Contains(seen, rule):
				f.add(place, fmt.Sprintf("section %q overrides the rule %q twice", s.Name, rule), "one override for each rule says who answers for it")
			}
			seen = append(seen, rule)
		}
		if strings.TrimSpace(o.Reason) == "" {
			f.add(place, "an override has no reason", "reason: says to everybody why this may pass")
		}
		if strings.TrimSpace(o.Author) == "" {
			f.add(place, "an override has no author", "author: says who answers for it")
		}
		switch {
		case o.Expires.IsZero():
			f.add(place, "an override has no expiry", "expires: is a date, after which the rule holds again")
		case !o.Expires.After(f.at):
			f.add(place, fmt.Sprintf("an override expired %s", o.Expires.UTC().Format("2006-01-02 15:04 UTC")),
				"remove it, or give it a new expires: and say why")
		}
	}
}

// unoverridable are the other rules that there are.
var unoverridable = []string{"evaluated", "target", "data", "events", "coverage", "freshness", "expect", "require"}
