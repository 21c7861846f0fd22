package config_test

import (
	"errors"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/config"
)

// Whatever the file: a policy that can be looked through, or one complaint
// that says where.
func FuzzPolicy(f *testing.F) {
	for _, seed := range []string{
		everyKey, sections, frozen + winter, config.DefaultPolicyText(),
		"version: 1\npolicies: [{name: a, budget: {block: .nan}}]\n", "version: 1\npolicies: &p [*p]\n",
		"version: 1\npolicies: [{name: a, <<: {budget: {warn: 10%}}}]\ncalendars: {? [a] : b}\n",
		somePolicy + "calendars: {c: {time_zone: ../x, freezes: [{from: 0000-01-01, to: 9999-12-31, reason: \"\\0\"}]}}\n",
	} {
		f.Add([]byte(seed))
	}
	paths, err := os.ReadDir("../../examples/policies")
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range paths {
		data, err := os.ReadFile("../../examples/policies/" + entry.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	place := regexp.MustCompile(`^f(:[1-9][0-9]*:[1-9][0-9]*)?: .`)
	somewhere := regexp.MustCompile(`^f:[1-9][0-9]*:[1-9][0-9]*$`)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := config.ParsePolicy("f", data)
		if err != nil {
			var wrong *config.Error
			if !errors.As(err, &wrong) || !place.MatchString(wrong.Message) {
				t.Fatalf("%T: %q", err, err)
			}
			return
		}
		if len(p.Sections) == 0 || p.SHA256 == "" {
			t.Fatalf("accepted, and nothing in it: %+v", p)
		}
		for _, s := range p.Sections {
			if s.Name == "" || !somewhere.MatchString(s.Place) {
				t.Fatalf("%+v", s)
			}
		}
		for _, c := range p.Calendars {
			if c.Zone == nil || len(c.Dated)+len(c.Weekly) == 0 || !somewhere.MatchString(c.Place) {
				t.Fatalf("%+v", c)
			}
			for _, d := range c.Dated {
				if !d.From.Before(d.To) || d.Reason == "" || !somewhere.MatchString(d.Place) {
					t.Fatalf("%+v", d)
				}
			}
			for _, w := range c.Weekly {
				if w.From < 0 || w.From >= w.To || w.To > 24*60 || len(w.Days) == 0 || w.Reason == "" || !somewhere.MatchString(w.Place) {
					t.Fatalf("%+v", w)
				}
			}
		}
		for _, problem := range p.Problems(time.Date(2026, 11, 9, 9, 30, 0, 0, time.UTC)) {
			if problem.Message == "" {
				t.Fatalf("%+v", problem)
			}
		}
	})
}
