package config_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-cli/slo/internal/config"
	"github.com/slo-cli/slo/pkg/policy"
)

const sections = `version: 1
policies:
  - name: every service
    budget: {block: 5}
`

const frozen = `version: 1
policies:
  - name: every service
    freezes: winter
`

const winter = `calendars:
  winter: {time_zone: UTC, freezes: [{from: 2026-12-24, to: 2027-01-05, reason: winter}]}
`

func sum(content string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(content))) }

// sameZone compares zones by name: they have no other face.
var sameZone = cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })

func mustLoadPolicy(t *testing.T, src config.Sources, file string) policy.Policy {
	t.Helper()
	p, err := config.LoadPolicy(src, file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPolicyWithoutAnyFile(t *testing.T) {
	t.Parallel()
	want := policy.Policy{Source: "default", SHA256: sum(config.DefaultPolicyText())}
	src := sources(t)
	if diff := cmp.Diff(want, mustLoadPolicy(t, src, "")); diff != "" {
		t.Error(diff)
	}
	write(t, src.WorkDir, "slo.yaml", "version: 1\nslos: broken\n")
	if diff := cmp.Diff(want, mustLoadPolicy(t, src, "")); diff != "" {
		t.Error(diff)
	}
}

// What the help page shows is what is in force.
func TestDefaultPolicyTextIsTheDefault(t *testing.T) {
	t.Parallel()
	p, err := config.ParsePolicy("default-policy.yaml", []byte(config.DefaultPolicyText()))
	if err != nil {
		t.Fatal(err)
	}
	want := []policy.Section{{Name: "default", Place: "default-policy.yaml:6:5", Settings: policy.Defaults()}}
	if diff := cmp.Diff(want, p.Sections, withoutPlaces()); diff != "" {
		t.Errorf("(-default +text):\n%s", diff)
	}
	settings := reflect.ValueOf(p.Sections[0].Settings)
	for i := range settings.NumField() {
		if f := settings.Field(i); f.IsZero() {
			t.Errorf("the text does not say what %s is", settings.Type().Field(i).Name)
		}
	}
}

// The policy of --policy takes the place of the project's, whole.
func TestWhichPolicy(t *testing.T) {
	t.Parallel()
	src := sources(t)
	project := write(t, src.WorkDir, "slo.yaml", frozen+winter)
	file := write(t, t.TempDir(), "release.yaml", sections)
	src.WorkDir = filepath.Join(src.WorkDir, "below")
	if err := os.Mkdir(src.WorkDir, 0o755); err != nil {
		t.Fatal(err)
	}
	found := mustLoadPolicy(t, src, "")
	if found.Source != project || found.SHA256 != sum(frozen+winter) || len(found.Sections[0].Freezes) != 1 || len(found.Calendars) != 1 {
		t.Errorf("found %+v", found)
	}
	given := mustLoadPolicy(t, src, file)
	want := policy.Policy{Source: file, SHA256: sum(sections), Sections: []policy.Section{
		{Name: "every service", Place: file + ":3:5", Settings: policy.Settings{BudgetBlock: &policy.Bound{Value: 5}}},
	}}
	if diff := cmp.Diff(want, given, withoutPlaces()); diff != "" {
		t.Error(diff)
	}
}

func TestWhichCalendars(t *testing.T) {
	t.Parallel()
	src := sources(t)
	project := write(t, src.WorkDir, "slo.yaml", "version: 1\n"+winter)
	dir := t.TempDir()
	alone := write(t, dir, "alone.yaml", frozen)
	own := write(t, dir, "own.yaml", frozen+winter)
	none := write(t, dir, "none.yaml", sections)
	digest := sum("version: 1\n" + winter)
	for _, c := range []struct{ file, place, from, digest string }{{alone, project + ":3:3", project, digest}, {own, own + ":6:3", "", ""}} {
		p := mustLoadPolicy(t, src, c.file)
		if len(p.Calendars) != 1 || p.Calendars[0].Place != c.place || p.SHA256 == digest ||
			p.CalendarSource != c.from || p.CalendarSHA256 != c.digest {
			t.Errorf("%s: %+v", c.file, p)
		}
	}
	if p := mustLoadPolicy(t, src, none); p.Calendars != nil {
		t.Errorf("%+v", p)
	}
	// Without a project the calendar stays unknown: that is the policy's own complaint.
	if p := mustLoadPolicy(t, sources(t), alone); p.Calendars != nil || len(p.Sections) != 1 {
		t.Errorf("%+v", p)
	}
	write(t, src.WorkDir, "slo.yaml", "version: 1\ncalendars: {winter: {}}\n")
	_, err := config.LoadPolicy(src, alone)
	wantError(t, err, project+":2:21: a calendar: nothing in it")
	mustLoadPolicy(t, src, none)
	mustLoadPolicy(t, src, own)
	write(t, src.WorkDir, ".slo.yaml", "version: 1\n")
	_, err = config.LoadPolicy(src, alone)
	wantError(t, err, "want only one of them")
}

// The sections of a file do not depend on each other.
func TestSectionsApart(t *testing.T) {
	t.Parallel()
	src := sources(t)
	file := write(t, t.TempDir(), "release.yaml", sections+"slos: [{name: broken}]\n")
	if p := mustLoadPolicy(t, src, file); len(p.Sections) != 1 {
		t.Errorf("%+v", p)
	}
	write(t, src.WorkDir, "slo.yaml", "version: 1\nslos: []\npolicies: [{nmae: broken}]\ncalendars: broken\n")
	if _, err := config.LoadProject(src); err != nil {
		t.Error(err)
	}
	_, err := config.LoadPolicy(src, "")
	wantError(t, err, `slo.yaml:3:13: unknown key "nmae"`)
}

func TestNoPolicyWhereThereShouldBeOne(t *testing.T) {
	t.Parallel()
	src := sources(t)
	dir := t.TempDir()
	file := write(t, dir, "a.yaml", "version: 1\nslos: []\n")
	_, err := config.LoadPolicy(src, file)
	wantError(t, err, file+":1:1: the key policies is missing", "the default one")
	_, err = config.LoadPolicy(src, file+"x")
	wantError(t, err, file+"x: no such file")
	_, err = config.LoadPolicy(src, dir)
	wantError(t, err, dir+": is a directory, want a file")
	// Somebody believes in this freeze.
	path := write(t, src.WorkDir, "slo.yaml", "version: 1\n"+winter)
	_, err = config.LoadPolicy(src, "")
	wantError(t, err, path+":2:1: calendars: there are no policies that put them in force", "add policies:", "--policy")
}

// withoutPlaces leaves out where keys stand, of which [TestProblemsPointToTheKey] tells.
func withoutPlaces() cmp.Option { return cmpopts.IgnoreFields(policy.Section{}, "Places") }

func TestProblemsPointToTheKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "policy.yaml", `version: 1
policies:
  - name: first
    max_age: 2h
    budget: {block: 20, warn: 10}
  - name: second
    match: {env: prod}
    burn:
      1h: block
  - name: third
    max_age: 3h
    burn: {1h: off}
`)
	p := mustLoadPolicy(t, sources(t), path)
	var got []string
	for _, problem := range p.Problems(time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC)) {
		got = append(got, problem.Place)
	}
	if want := []string{path + ":4:5", path + ":5:25", path + ":9:7"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What has the name of a project file and cannot be read does not leave the default policy in force.
func TestUnreadableProjectFiles(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(path string) error{
		"a link into nothing": func(path string) error { return os.Symlink("/nowhere/at/all", path) },
		"a folder":            func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		src := sources(t)
		if err := make(filepath.Join(src.WorkDir, "slo.yaml")); err != nil {
			t.Fatal(err)
		}
		var wrong *config.Error
		if p, err := config.LoadPolicy(src, ""); !errors.As(err, &wrong) || !strings.Contains(wrong.Message, "slo.yaml") {
			t.Errorf("%s: %+v, %v", name, p.Source, err)
		}
	}
	src := sources(t)
	src.WorkDir = ""
	if p, err := config.LoadPolicy(src, ""); err == nil {
		t.Errorf("no working directory: %+v", p)
	}
}
