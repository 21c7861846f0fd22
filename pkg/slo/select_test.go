package slo_test

import (
	"slices"
	"testing"

	"github.com/slo-cli/slo/pkg/slo"
)

func TestNamed(t *testing.T) {
	t.Parallel()
	defs := []slo.Definition{
		{ID: "a1", Name: "Checkout availability"},
		{ID: "b2", Name: "Checkout latency"},
		{ID: "c3", Name: "checkout LATENCY"},
		{ID: "d4", Name: "a1"},
		{ID: "e5", Name: "50 * 2"},
		{ID: "", Name: ""},
	}
	tests := map[string]struct {
		name string
		want []int
	}{
		"an id before a name":            {"a1", []int{0}},
		"an id as it is written":         {"A1", []int{3}},
		"a name in any case":             {"CHECKOUT Availability", []int{0}},
		"duplicates":                     {"Checkout latency", []int{1, 2}},
		"part of a name":                 {"Checkout", nil},
		"a glob in any case":             {"check*L*", []int{0, 1, 2}},
		"a glob at the end":              {"*availability", []int{0}},
		"a glob in the middle":           {"c*a*b*y", []int{0}},
		"what overlaps is no match":      {"checkout lat*atency", nil},
		"a glob over everything":         {"*", []int{0, 1, 2, 3, 4, 5}},
		"a name with a star":             {"50 * 2", []int{4}},
		"nothing":                        {"nothing*here", nil},
		"other wildcards are characters": {"Checkout ?atency", nil},
		"the empty name is no id":        {"", []int{5}},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			if got := slo.Named(test.name, defs); !slices.Equal(got, test.want) {
				t.Errorf("%q picks %v, want %v", test.name, got, test.want)
			}
		})
	}
}

func TestHasTags(t *testing.T) {
	t.Parallel()
	have := []string{"env:prod", "Team:Pay", "critical"}
	tests := map[string]struct {
		want []string
		has  bool
	}{
		"none wanted":         {nil, true},
		"one":                 {[]string{"env:prod"}, true},
		"in any case":         {[]string{"team:pay", "CRITICAL"}, true},
		"one is missing":      {[]string{"env:prod", "env:dev"}, false},
		"a key is not enough": {[]string{"env"}, false},
		"nor is a beginning":  {[]string{"env:pro"}, false},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			if got := slo.HasTags(have, test.want); got != test.has {
				t.Errorf("%v among %v: %v", test.want, have, got)
			}
		})
	}
	if slo.HasTags(nil, []string{"a"}) || !slo.HasTags(nil, nil) {
		t.Error("no tags at all")
	}
}
