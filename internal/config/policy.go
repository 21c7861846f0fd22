package config

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/slo-cli/slo/internal/boundedyaml"
	"github.com/slo-cli/slo/pkg/policy"
)

//go:embed default-policy.yaml
var defaultPolicy string

// DefaultPolicyText is the default policy as a file, with what each key means.
func DefaultPolicyText() string { return defaultPolicy }

// policyFile is one file of policies and calendars; either is nil when absent.
type policyFile struct {
	path, sha256        string
	policies, calendars *entry
}

// LoadPolicy reads the policy: that of file, else that of the project file,
// else the default one. Where file has no calendars, those of the project file
// are its calendars. The digest is that of the bytes that were parsed. The
// error is an *[Error].
func LoadPolicy(src Sources, file string) (policy.Policy, error) {
	path := file
	if path == "" {
		var err error
		if err = unreadableProject(src.WorkDir); err != nil {
			return policy.Policy{}, err
		}
		if path, err = findProject(src.WorkDir); err != nil {
			return policy.Policy{}, err
		}
	}
	byDefault := policy.Policy{Source: "default", SHA256: digest([]byte(defaultPolicy))}
	if path == "" {
		return byDefault, nil
	}
	f, err := readPolicyFile(path)
	if err != nil {
		return policy.Policy{}, err
	}
	if file == "" && f.policies == nil && f.calendars == nil {
		return byDefault, nil
	}
	return f.policy(src)
}

// HasPolicies reports whether a project file has policies.
func HasPolicies(path string) (bool, error) {
	f, err := readPolicyFile(path)
	return f.policies != nil, err
}

// unreadableProject finds what has the name of a project file, in a folder or
// above it, and cannot be read: a link into nothing, a folder. Elsewhere that is
// passed over; here the default policy would hold in place of a stricter one.
func unreadableProject(dir string) error {
	if dir == "" {
		return &Error{Message: "the working directory is not known, so there may be a project file with policies", Hints: []string{"name the file with --policy"}}
	}
	for {
		found := false
		for _, name := range projectNames() {
			path := filepath.Join(dir, name)
			if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			info, err := os.Stat(path)
			switch {
			case err != nil:
				return fileError(path, err)
			case info.IsDir():
				return &Error{Message: path + ": is a folder, want a project file"}
			}
			found = true
		}
		parent := filepath.Dir(dir)
		if found || parent == dir { // the nearest is the one that counts
			return nil
		}
		dir = parent
	}
}

func readPolicyFile(path string) (policyFile, error) {
	data, err := boundedyaml.ReadFile(path, maxProjectFile)
	if err != nil {
		return policyFile{}, fileError(path, err)
	}
	return parsePolicyFile(path, data)
}

func parsePolicyFile(path string, data []byte) (policyFile, error) {
	entries, err := readSections(path, data)
	if err != nil {
		return policyFile{}, err
	}
	find := func(key string) *entry {
		if i := slices.IndexFunc(entries, func(e entry) bool { return e.key == key }); i >= 0 {
			return &entries[i]
		}
		return nil
	}
	return policyFile{path: path, sha256: digest(data), policies: find("policies"), calendars: find("calendars")}, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// policy reads the sections and the calendars that they may name.
func (f policyFile) policy(src Sources) (policy.Policy, error) {
	if f.policies == nil {
		return policy.Policy{}, f.withoutPolicies()
	}
	p := policy.Policy{Source: f.path, SHA256: f.sha256}
	var err error
	if p.Sections, err = readPolicies(f.policies.value); err != nil {
		return policy.Policy{}, err
	}
	named := slices.ContainsFunc(p.Sections, func(s policy.Section) bool { return len(s.Freezes) > 0 })
	if f.calendars == nil && named {
		// A policy that names no calendar does not depend on the project file.
		besides, err := projectCalendars(src, f.path)
		if err != nil {
			return policy.Policy{}, err
		}
		if f.calendars = besides.calendars; f.calendars != nil {
			p.CalendarSource, p.CalendarSHA256 = besides.path, besides.sha256
		}
	}
	if f.calendars != nil {
		if p.Calendars, err = readCalendars(f.calendars.value); err != nil {
			return policy.Policy{}, err
		}
	}
	return p, nil
}

// withoutPolicies is the complaint about a file that has none. Calendars alone
// are in force nowhere: a release would go out in a freeze that somebody wrote down.
func (f policyFile) withoutPolicies() error {
	if f.calendars != nil {
		return f.calendars.fail(
			[]string{"add policies: with a section that has freezes:, or name the file that has them with --policy"},
			"calendars: there are no policies that put them in force")
	}
	return (&node{path: f.path, line: 1, col: 1}).fail(
		[]string{"without --policy the policy of the project file is used, else the default one"},
		"the key policies is missing: want policies: with at least one section")
}

// projectCalendars is the project file, as far as it is another one; it is
// empty where there is none.
func projectCalendars(src Sources, besides string) (policyFile, error) {
	path, err := findProject(src.WorkDir)
	if err != nil || path == "" || path == besides {
		return policyFile{}, err
	}
	return readPolicyFile(path)
}
