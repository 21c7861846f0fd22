package config

import "strings"

// nearest is the candidate with the fewest edits, if they are few enough for a
// mistyped word.
func nearest(word string, candidates []string) string {
	best, edits := "", 3
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), c); d < edits && d < len(c) {
			best, edits = c, d
		}
	}
	return best
}

// distance counts insertions, deletions and replacements (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
