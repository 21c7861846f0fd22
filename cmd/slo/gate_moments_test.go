package main_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// instantSituations ask about other instants, at which the world stood otherwise.
func instantSituations() (all []situation) {
	for _, c := range []struct {
		name, at string
		code     int
	}{
		{"burning-fast", "2026-11-09T08:15:00Z", 0},
		{"burning-fast", "2026-11-09T09:00:00Z", 0}, // 40 minutes: 480 of 36,000, 13.3 over the hour
		{"burning-fast", "2026-11-09T09:05:00Z", 3}, // 45 minutes: 15
		{"creeping", "2026-11-08T09:25:00Z", 0},
		{"old-incident", "2026-10-30T09:30:00Z", 0},
		{"old-incident", "2026-10-30T11:30:00Z", 3},
		{"exactly-fifteen", "2026-10-30T09:25:00Z", 0},
		{"silent-2h", "2026-11-09T07:30:00Z", 0},
		{"silent-2h", "2026-11-09T08:25:00Z", 0}, // an hour later the newest bucket began an hour ago
		{"silent-2h", "2026-11-09T08:30:00Z", 7},
		{"few", "2026-11-09T09:00:00Z", 7},
		{"asleep", "2026-07-31T09:00:00Z", 0},
		{"spent-and-burning", "2026-11-09T07:30:00Z", 0},
		{"spent-and-burning", "2026-11-09T07:45:00Z", 3},
		{"monitor-down", "2026-11-09T09:10:00Z", 0},
		{"monitor-down", "2026-11-09T09:15:00Z", 3},
		{"healthy", "2026-11-09T09:31:07Z", 0},
		{"healthy", "-1000d", 2},
		{"healthy", "2100-01-01", 2},
	} {
		all = append(all, situation{
			what: c.name + " at " + c.at, args: []string{c.name, "--at", c.at}, want: answer{code: c.code}, anyRules: true, unread: c.code == 2,
		})
	}
	return all
}

// liveSituations are asked at the present, without --at.
func liveSituations(t *testing.T) (all []situation) {
	t.Helper()
	described, err := scenario.Load("release")
	if err != nil {
		t.Fatal(err)
	}
	live := placed(t, described, simulator.Place(described, time.Now()))
	for name, code := range map[string]int{
		"healthy": 0, "monitor": 0, "slices": 0, "creeping": 0, "old-incident": 3, "spent-and-burning": 3, "no-data": 7, "silent-2h": 7, "unsupported": 7,
	} {
		all = append(all, situation{what: "at present: " + name, args: []string{name}, live: live, want: answer{code: code}, anyRules: true})
	}
	return all
}

// formatSituations: how the verdict is written does not change it.
func formatSituations() (all []situation) {
	for name, code := range map[string]int{"healthy": 0, "creeping": 0, "old-incident": 3, "no-data": 7, "monitor-deleted": 5} {
		for _, flags := range []string{
			"-o table", "-o csv", "-o markdown", "-o html", "-o junit", "-o github", "-o table --explain",
			"-o table --color always", "--junit gate.xml --summary gate.md --annotations",
		} {
			all = append(all, situation{what: name + " " + flags, args: append([]string{name}, strings.Fields(flags)...), want: answer{code: code}, plain: true})
		}
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		// JUnit is begun before anything is asked, the summary is added at the end.
		for _, c := range []struct {
			flag, name string
			code       int
		}{{"--junit", "healthy", 1}, {"--junit", "old-incident", 1}, {"--summary", "healthy", 1}, {"--summary", "old-incident", 3}} {
			all = append(all, situation{what: "no room for " + c.flag + " of " + c.name, args: []string{c.name, c.flag, "/dev/full"}, want: answer{code: c.code}, anyRules: true})
		}
	}
	return all
}

// definitionSituations are about SLOs of the project file, and of time slices
// for whose metrics there are not enough requests.
func definitionSituations() (all []situation) {
	for service, code := range map[string]int{"healthy": 0, "creeping": 0, "old-incident": 3, "burning-fast": 3, "nowhere": 7, "silent-2h": 7, "few": 7} {
		text := strings.ReplaceAll(`version: 1
slos:
  - name: of the file
    type: metric
    tags: ["env:file"]
    query:
      numerator: sum:trace.http.request.hits{service:X}.as_count() - sum:trace.http.request.errors{service:X}.as_count()
      denominator: sum:trace.http.request.hits{service:X}.as_count()
    thresholds: [{timeframe: 30d, target: 99.9}]
`, "X", service)
		for _, args := range []string{"--env file", "--env file --expect 1", "--env file --expect 2"} {
			s := situation{what: "of the file: " + service + " " + args, args: strings.Fields(args), project: text, want: answer{code: code}, anyRules: true}
			if strings.HasSuffix(args, "2") && code == 0 {
				s.want.code = 7
			}
			all = append(all, s)
		}
	}
	for name, code := range map[string]int{"slices": 7, "slices-half": 7, "slices-silent-2h": 7, "slices-no-data": 7, "slices-breached": 3, "healthy": 0} {
		for _, flags := range []string{"", " --min-coverage 0"} {
			all = append(all, situation{what: "one request for " + name + flags, args: strings.Fields(name + " --max-requests 1" + flags), want: answer{code: code}, anyRules: true})
		}
	}
	return all
}
