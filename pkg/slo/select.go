package slo

import (
	"slices"
	"strings"
)

// Named are the indices of the definitions that a name picks: an exact id; else
// an exact name in any case; else, with a "*" in it, a glob over names. Duplicates all match.
func Named(name string, defs []Definition) []int {
	where := func(match func(Definition) bool) (hits []int) {
		for i, d := range defs {
			if match(d) {
				hits = append(hits, i)
			}
		}
		return hits
	}
	if hits := where(func(d Definition) bool { return d.ID == name && name != "" }); hits != nil {
		return hits
	}
	if hits := where(func(d Definition) bool { return strings.EqualFold(d.Name, name) }); hits != nil {
		return hits
	}
	if !strings.Contains(name, "*") {
		return nil
	}
	pattern := strings.ToLower(name)
	return where(func(d Definition) bool { return glob(pattern, strings.ToLower(d.Name)) })
}

// glob matches a pattern in which "*" stands for any text and everything else for itself.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, parts[last])
}

// HasTags reports whether all tags that are wanted are there, in any case.
func HasTags(have, want []string) bool {
	for _, w := range want {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, w) }) {
			return false
		}
	}
	return true
}
