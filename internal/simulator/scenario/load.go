package scenario

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

//go:embed worlds/*.yaml
var worlds embed.FS

// Names are the names of the embedded worlds, sorted.
func Names() []string {
	entries, err := worlds.ReadDir("worlds")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Load reads an embedded world by its name, else a YAML file by its path.
func Load(nameOrFile string) (*World, error) {
	if slices.Contains(Names(), nameOrFile) {
		data, err := worlds.ReadFile("worlds/" + nameOrFile + ".yaml")
		if err != nil {
			return nil, err
		}
		return Parse(nameOrFile, data)
	}
	data, err := readFile(nameOrFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(nameOrFile, `./\`):
		if near := nearest(nameOrFile, Names()); len(near) > 0 {
			return nil, fmt.Errorf("unknown scenario %q, did you mean %s? (or the path of a YAML file)", nameOrFile, quotedList(near))
		}
		return nil, fmt.Errorf("unknown scenario %q: give one of %s, or the path of a YAML file", nameOrFile, strings.Join(Names(), ", "))
	case err != nil:
		return nil, fmt.Errorf("scenario file: %w", err)
	}
	return Parse(nameOrFile, data)
}

// readFile reads at most one byte more than Parse accepts.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// nearest are the known names within a third of the name's length in edits,
// the nearest first.
func nearest(name string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	for _, k := range known {
		if d := edits(strings.ToLower(name), strings.ToLower(k)); d <= max(1, len(name)/3) {
			found = append(found, candidate{k, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.distance - b.distance })
	var names []string
	for _, c := range found[:min(3, len(found))] {
		names = append(names, c.name)
	}
	return names
}

// edits is the number of letters to insert, delete or replace to turn a into b.
func edits(a, b string) int {
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

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(quoted, " or ")
}
