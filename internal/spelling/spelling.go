// Package spelling finds what a person may have meant by a name that does not exist.
package spelling

import (
	"cmp"
	"slices"
	"strings"
)

// suggestions is how many names are worth offering.
const suggestions = 3

// longest is the length from which on names are only compared as wholes; the
// time to compare two grows with the product of their lengths.
const longest = 200

// Nearest are up to three known names that come closest to what was typed, the
// nearest first, each once: those that contain it, and those that differ in at
// most a third of its letters (two, where it is short). Case does not matter.
func Nearest(typed string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	word := []rune(strings.ToLower(typed))
	var near []candidate
	for _, name := range known {
		lower := strings.ToLower(name)
		d := distance(word, []rune(lower))
		if len(word) > 2 && strings.Contains(lower, string(word)) {
			d = 0
		}
		// As many edits as letters turn any word into any other.
		if d <= max(2, len(word)/3) && d < len(word) {
			near = append(near, candidate{name, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, c := range near {
		if !slices.Contains(names, c.name) && len(names) < suggestions {
			names = append(names, c.name)
		}
	}
	return names
}

// distance is the number of letters to insert, delete or replace to turn one
// word into the other (Levenshtein).
func distance(a, b []rune) int {
	if len(a) > longest || len(b) > longest {
		if slices.Equal(a, b) {
			return 0
		}
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			change := diagonal
			if x != y {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
