package config

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/slo-cli/slo/internal/boundedyaml"
)

// maxProjectFile is room for some thirty thousand objectives.
const maxProjectFile = 4 << 20

// projectNames are looked for in the working directory and above it.
func projectNames() []string { return []string{"slo.yaml", ".slo.yaml"} }

// Project is what a team keeps beside its code.
type Project struct {
	// Path is the project file; empty when there is none.
	Path string
	SLOs []SLO
	// Policies and Calendars are nil when absent.
	Policies, Calendars *Section
}

// SLO is one objective from a file, in the shape of Datadog's SLO API object.
type SLO struct {
	Name string
	JSON json.RawMessage
	// Path, Line and Column say where it stands.
	Path         string
	Line, Column int
}

// Section is a part of the project file that is kept as it is: a mistake in
// it is no concern of commands that do not need it. [LoadPolicy] reads it.
type Section struct {
	JSON         json.RawMessage
	Line, Column int
}

// LoadProject finds and reads the project file, and the file of -f, whose
// slos take the place of the project's. Without either the Project is empty.
// The error is an *[Error].
func LoadProject(src Sources) (Project, error) {
	var p Project
	path, err := findProject(src.WorkDir)
	if err != nil {
		return Project{}, err
	}
	if path != "" {
		if p, err = readProject(path); err != nil {
			return Project{}, err
		}
	}
	if src.Flags.Definitions != "" {
		given, err := readProject(src.Flags.Definitions)
		if err != nil {
			return Project{}, err
		}
		p.SLOs = given.SLOs
	}
	return p, nil
}

// findProject goes up from dir to the root; empty when there is no project file.
func findProject(dir string) (string, error) {
	if dir == "" {
		return "", nil
	}
	for {
		var found []string
		for _, name := range projectNames() {
			path := filepath.Join(dir, name)
			info, err := os.Stat(path)
			switch {
			case err == nil && !info.IsDir():
				found = append(found, path)
			case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
				return "", fileError(path, err)
			}
		}
		switch {
		case len(found) > 1:
			return "", &Error{Message: found[0] + " and " + found[1] + ": want only one of them"}
		case len(found) == 1:
			return found[0], nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

func readProject(path string) (Project, error) {
	data, err := boundedyaml.ReadFile(path, maxProjectFile)
	if err != nil {
		return Project{}, fileError(path, err)
	}
	return ParseProject(path, data)
}

// ParseProject reads the content of a project file; path is what complaints
// call it. The error is an *[Error].
func ParseProject(path string, data []byte) (Project, error) {
	entries, err := readSections(path, data)
	if err != nil {
		return Project{}, err
	}
	p := Project{Path: path}
	for _, e := range entries {
		switch e.key {
		case "slos":
			p.SLOs, err = readSLOs(e.value)
		case "policies":
			p.Policies, err = readSection(e.value)
		case "calendars":
			p.Calendars, err = readSection(e.value)
		}
		if err != nil {
			return Project{}, err
		}
	}
	return p, nil
}

// readSections reads what stands at the top of a project file, and nothing
// below: whoever needs a section reads it.
func readSections(path string, data []byte) ([]entry, error) {
	root, err := parseYAML(path, data)
	if err != nil {
		return nil, err
	}
	example := []string{"a project file begins with the line version: 1, followed by slos:"}
	if root.kind == nullKind {
		return nil, root.fail(example, "empty project file")
	}
	entries, err := root.mapping("a project file")
	if err != nil {
		return nil, err
	}
	if version := root.get("version"); version == nil {
		return nil, root.fail(example, "the key version is missing: want version: 1")
	} else if version.kind != numberKind || version.text != "1" {
		return nil, version.fail(nil, "version %s: this slo reads version 1 of the project file", strconv.Quote(version.text))
	}
	for _, e := range entries {
		if !slices.Contains(sectionNames(), e.key) {
			return nil, e.unknown(sectionNames()...)
		}
	}
	return entries, nil
}

func sectionNames() []string { return []string{"version", "slos", "policies", "calendars"} }

func readSection(n *node) (*Section, error) {
	raw, err := toJSON(n)
	if err != nil {
		return nil, err
	}
	return &Section{JSON: raw, Line: n.line, Column: n.col}, nil
}

func readSLOs(n *node) ([]SLO, error) {
	if n.kind != listKind {
		return nil, n.fail(nil, "slos: want a list, each entry beginning with a dash, found %s", n.kind)
	}
	var list []SLO
	var size int
	places := map[string]string{}
	for _, item := range n.list {
		s, err := readSLO(item)
		if err != nil {
			return nil, err
		}
		if before, twice := places[s.Name]; twice {
			return nil, item.get("name").fail(nil, "a second SLO named %q, the first is at %s: want different names", s.Name, before)
		}
		places[s.Name] = item.get("name").place()
		if size += len(s.JSON); size > maxExpanded {
			return nil, item.fail(nil, "aliases blow this file up to more than %d MiB", maxExpanded>>20)
		}
		list = append(list, s)
	}
	return list, nil
}

// sloKeys are the fields of Datadog's SLO object, those that it only answers included.
func sloKeys() []string {
	return []string{
		"name", "type", "thresholds", "query", "sli_specification", "monitor_ids", "groups", "description", "tags",
		"timeframe", "target_threshold", "warning_threshold", "id", "type_id", "monitor_tags", "creator",
		"created_at", "modified_at", "restricted_roles", "configured_alert_ids",
	}
}

// readSLO checks what a person is likely to get wrong, here where the place is
// known. What the fields mean is for the reader of the JSON.
func readSLO(n *node) (SLO, error) {
	entries, err := n.mapping("an SLO")
	if err != nil {
		return SLO{}, err
	}
	allowed := map[string]bool{}
	for _, key := range sloKeys() {
		allowed[key] = true
	}
	for _, e := range entries {
		if !allowed[e.key] {
			return SLO{}, e.unknown(sloKeys()...)
		}
	}
	for _, key := range []string{"name", "type", "thresholds"} {
		if n.get(key) == nil {
			return SLO{}, n.fail(nil, "this SLO has no %s: want at least name, type and thresholds", key)
		}
	}
	name := n.get("name")
	if name.kind != stringKind || name.text == "" {
		return SLO{}, name.fail(nil, "name: want text, in quotes where it looks like a number, found %s", name.kind)
	}
	if err := checkType(n, n.get("type")); err != nil {
		return SLO{}, err
	}
	if err := checkThresholds(n.get("thresholds")); err != nil {
		return SLO{}, err
	}
	if tags := n.get("tags"); tags != nil {
		if tags.kind != listKind {
			return SLO{}, tags.fail(nil, "tags: want a list, found %s", tags.kind)
		}
		for _, t := range tags.list {
			if t.kind != stringKind {
				return SLO{}, t.fail([]string{"a tag is written without a space behind the colon: team:payments"}, "tags: want text, found %s", t.kind)
			}
		}
	}
	raw, err := toJSON(n)
	if err != nil {
		return SLO{}, err
	}
	return SLO{Name: name.text, JSON: raw, Path: n.path, Line: n.line, Column: n.col}, nil
}

// checkType also wants the field that says what an SLO of this type measures.
func checkType(n, typ *node) error {
	switch typ.text {
	case "metric":
		if n.get("query") == nil && n.get("sli_specification") == nil {
			return typ.fail(nil, "a metric SLO: want query with numerator and denominator, or sli_specification")
		}
	case "time_slice":
		if n.get("sli_specification") == nil {
			return typ.fail(nil, "a time_slice SLO: want sli_specification")
		}
	case "monitor":
		if n.get("monitor_ids") == nil {
			return typ.fail(nil, "a monitor SLO: want monitor_ids")
		}
	default:
		return typ.fail(nil, "type %q: want metric, time_slice or monitor", typ.text)
	}
	return nil
}

func checkThresholds(n *node) error {
	if n.kind != listKind || len(n.list) == 0 {
		return n.fail(nil, "thresholds: want a list such as [{timeframe: 30d, target: 99.9}]")
	}
	for _, t := range n.list {
		entries, err := t.mapping("a threshold")
		if err != nil {
			return err
		}
		for _, e := range entries {
			switch e.key {
			case "timeframe", "target_display", "warning_display":
				if e.value.kind != stringKind {
					return e.value.fail(nil, "%s: want text, found %s", e.key, e.value.kind)
				}
			case "target", "warning":
				percent, err := strconv.ParseFloat(e.value.text, 64)
				if e.value.kind != numberKind || err != nil || !(percent > 0 && percent <= 100) {
					return e.value.fail(nil, "%s: want a percentage above 0 and up to 100, such as 99.9", e.key)
				}
			default:
				return e.unknown("timeframe", "target", "warning", "target_display", "warning_display")
			}
		}
		for _, key := range []string{"timeframe", "target"} {
			if t.get(key) == nil {
				return t.fail(nil, "this threshold has no %s: want such as {timeframe: 30d, target: 99.9}", key)
			}
		}
	}
	return nil
}
