package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/config"
	"github.com/slo-cli/slo/pkg/policy"
)

const everyKey = `version: 1
calendars:
  year-end:
    time_zone: Asia/Tokyo
    freezes:
      - {from: 2026-12-24, to: 2027-01-05T18:30, reason: year-end freeze}
      - {weekly: [fri, monday, fri], from: 9:30, to: "24:00", reason: the weekend}
      - {weekly: sun, reason: rest}
policies:
  - name: every service
    budget: {block: 0, warn: "20%"}
    attainment: {block: 99.5 %, warn: off}
    burn:
      1h: block
      6h: {level: warn, threshold: 5.5}
      24h: {threshold: 2}
    min_events: 1_000
    min_coverage: 90%
    max_age: 1h30m
    low_traffic: {events: 200}
    fixes_may_pass: true
    expect: 6
    require: checkout availability
    freezes: [year-end, {calendar: other, level: warn}]
  - name: sleepy batch jobs
    match: {service: batch, env: [prod, staging], team: x, tag: ["tier:2", cheap], slo: ["nightly*"]}
    max_age: 2d
    low_traffic: off
  - name: the outage
    overrides:
      - {rules: [budget, burn_1h], reason: "INC-123", author: mika@example.com, expires: 2026-11-20}
      - {rules: freeze, reason: r, author: a, expires: 2026-11-20T18:00+09:00}
`

func TestEveryKeyOfAPolicy(t *testing.T) {
	t.Parallel()
	p, err := config.ParsePolicy("f", []byte(everyKey))
	if err != nil {
		t.Fatal(err)
	}
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Policy{
		Source: "f", SHA256: sum(everyKey),
		Calendars: []policy.Calendar{{
			Name: "year-end", Place: "f:3:3", Zone: tokyo,
			Dated: []policy.Dated{{
				From: time.Date(2026, 12, 23, 15, 0, 0, 0, time.UTC), To: time.Date(2027, 1, 5, 9, 30, 0, 0, time.UTC),
				Reason: "year-end freeze", Place: "f:6:9",
			}},
			Weekly: []policy.Weekly{
				{Days: []time.Weekday{time.Monday, time.Friday}, From: 570, To: 1440, Reason: "the weekend", Place: "f:7:9"},
				{Days: []time.Weekday{time.Sunday}, From: 0, To: 1440, Reason: "rest", Place: "f:8:9"},
			},
		}},
		Sections: []policy.Section{
			{
				Name: "every service", Place: "f:10:5",
				Settings: policy.Settings{
					BudgetBlock: &policy.Bound{}, BudgetWarn: &policy.Bound{Value: 20},
					AttainmentBlock: &policy.Bound{Value: 99.5}, AttainmentWarn: &policy.Bound{Off: true},
					Burn: [3]policy.Burn{
						{Level: policy.Block}, {Level: policy.Warn, Threshold: new(5.5)}, {Threshold: new(2.0)},
					},
					MinEvents: new(1000.0), MinCoverage: new(0.9), MaxAge: new(90 * time.Minute),
					LowTraffic: &policy.LowTraffic{Events: 200, Level: policy.Warn}, FixesMayPass: new(true),
				},
				Expect:  6,
				Require: []policy.Name{{Text: "checkout availability", Place: "f:23:14"}},
				Freezes: []policy.Freeze{
					{Calendar: "year-end", Level: policy.Block, Place: "f:24:15"},
					{Calendar: "other", Level: policy.Warn, Place: "f:24:25"},
				},
			},
			{
				Name: "sleepy batch jobs", Place: "f:25:5",
				Match: policy.Match{
					Services: []string{"batch"}, Envs: []string{"prod", "staging"}, Teams: []string{"x"}, Tags: []string{"tier:2", "cheap"},
					Names: []policy.Name{{Text: "nightly*", Place: "f:26:90"}},
				},
				Settings: policy.Settings{MaxAge: new(48 * time.Hour), LowTraffic: &policy.LowTraffic{Level: policy.Warn}},
			},
			{
				Name: "the outage", Place: "f:29:5",
				Overrides: []policy.Override{
					{Rules: []string{"budget", "burn_1h"}, Reason: "INC-123", Author: "mika@example.com", Expires: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Place: "f:31:9"},
					{Rules: []string{"freeze"}, Reason: "r", Author: "a", Expires: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), Place: "f:32:9"},
				},
			},
		},
	}
	if diff := cmp.Diff(want, p, sameZone, withoutPlaces()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// read is the only section of a policy with these lines.
func read(t *testing.T, lines string) policy.Section {
	t.Helper()
	p, err := config.ParsePolicy("f", []byte("version: 1\npolicies:\n- name: a\n  "+lines+"\n"))
	if err != nil {
		t.Fatalf("%s: %v", lines, err)
	}
	return p.Sections[0]
}

// Every way to write a value.
func TestValuesOfAPolicy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"0": 0, "-0": 0, "0.5": 0.5, "10": 10, "10%": 10, `"10%"`: 10, "10 %": 10, "99.999": 99.999, "007%": 7, "0x10": 16, ".5": 0.5,
	} {
		if got := read(t, "budget: {block: "+text+"}").Settings.BudgetBlock; got.Off || got.Value != want {
			t.Errorf("%s: %+v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]float64{"100": 100, "100%": 100, "100.0 %": 100, "0.001": 0.001, "99.95%": 99.95} {
		if got := read(t, "attainment: {warn: "+text+"}").Settings.AttainmentWarn; got.Off || got.Value != want {
			t.Errorf("%s: %+v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]float64{"0": 0, "1": 1, "0.9": 0.9, "90%": 0.9, "100%": 1, "1%": 0.01, "99.5 %": 0.995} {
		if got := *read(t, "min_coverage: "+text).Settings.MinCoverage; got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "5m": 5 * time.Minute, "1h": time.Hour, "36h": 36 * time.Hour, "1.5h": 90 * time.Minute,
		"1h2m3s": 3723 * time.Second, "2d": 48 * time.Hour, "1w": 168 * time.Hour, "455d": 455 * 24 * time.Hour, "65w": 455 * 24 * time.Hour,
	} {
		if got := *read(t, "max_age: "+text).Settings.MaxAge; got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"off", "Off", "no", "16:00", "~x", `"\e[31mred"`} {
		if got := read(t, "match: {env: "+text+"}\n  expect: 1").Match.Envs[0]; got == "" {
			t.Errorf("%s: %q", text, got)
		}
	}
	if got := read(t, `require: ["\e[31mred", "a\nb"]`).Require; got[0].Text != "\x1b[31mred" || got[1].Text != "a\nb" {
		t.Errorf("%q", got)
	}
	if got := read(t, "min_events: 0").Settings.MinEvents; got == nil || *got != 0 {
		t.Errorf("%v", got)
	}
}

// An alias is as good as what it names, and stands where that stands.
func TestAliasesInAPolicy(t *testing.T) {
	t.Parallel()
	s := read(t, "match: {env: &e [prod], team: *e}\n  budget: &b {block: 3}\n  attainment: {<<: *b, warn: 5}")
	if s.Match.Teams[0] != "prod" || s.Settings.AttainmentBlock.Value != 3 {
		t.Errorf("%+v", s)
	}
}
