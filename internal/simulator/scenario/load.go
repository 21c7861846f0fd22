package scenario

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/boundedyaml"
	"github.com/slo-cli/slo/internal/spelling"
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
	data, err := boundedyaml.ReadFile(nameOrFile, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(nameOrFile, `./\`):
		if near := spelling.Nearest(nameOrFile, Names()); len(near) > 0 {
			return nil, fmt.Errorf("unknown scenario %q, did you mean %s? (or the path of a YAML file)", nameOrFile, quotedList(near))
		}
		return nil, fmt.Errorf("unknown scenario %q: give one of %s, or the path of a YAML file", nameOrFile, strings.Join(Names(), ", "))
	case err != nil:
		return nil, fmt.Errorf("scenario file: %w", err)
	}
	return Parse(nameOrFile, data)
}

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(quoted, " or ")
}
