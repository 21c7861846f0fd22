package main_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/badnet"
)

// gateFault is what a network does to requests, and what becomes of an
// objective that rests on them: auth, unavailable, or empty for nothing.
type gateFault struct {
	name  string
	fault badnet.Fault
	lost  string
	// slow: it ends with the time; url replaces the network.
	slow bool
	url  string
}

func gateFaults() []gateFault {
	return []gateFault{
		{name: "401", fault: badnet.Status(401), lost: "auth"},
		{name: "403", fault: badnet.Status(403), lost: "auth"},
		{name: "400", fault: badnet.Status(400), lost: "unavailable"},
		{name: "404", fault: badnet.Status(404), lost: "unavailable"},
		{name: "429 for an hour", fault: badnet.RateLimited("3600"), lost: "unavailable", slow: true},
		{name: "429 for ever", fault: badnet.RateLimited("1"), lost: "unavailable", slow: true},
		{name: "429 without a reset", fault: badnet.RateLimited(""), lost: "unavailable", slow: true},
		{name: "500", fault: badnet.Status(500), lost: "unavailable", slow: true},
		{name: "503", fault: badnet.Status(503), lost: "unavailable", slow: true},
		{name: "a page", fault: badnet.Constant("text/html", "<!DOCTYPE html><title>Sign in</title>"), lost: "unavailable"},
		{name: "a page that says it is JSON", fault: badnet.Constant("application/json", "<!DOCTYPE html><title>Sign in</title>"), lost: "unavailable"},
		{name: "nothing", fault: badnet.Constant("application/json", ""), lost: "unavailable"},
		{name: "null", fault: badnet.Constant("application/json", "null"), lost: "unavailable"},
		{name: "an empty object", fault: badnet.Constant("application/json", "{}"), lost: "unavailable"},
		{name: "an empty list", fault: badnet.Constant("application/json", "[]"), lost: "unavailable"},
		{name: "half an answer", fault: badnet.Cut, lost: "unavailable", slow: true},
		{name: "half an answer that looks whole", fault: badnet.Halve, lost: "unavailable"},
		{name: "a connection that is reset", fault: badnet.Reset, lost: "unavailable", slow: true},
		{name: "no answer", fault: badnet.Hang, lost: "unavailable", slow: true},
		{name: "a byte at a time", fault: badnet.Drip(time.Second), lost: "unavailable", slow: true},
		{name: "another place", fault: badnet.Redirect(302, "http://127.0.0.1:1/login"), lost: "unavailable", slow: true},
		{name: "a slow answer", fault: badnet.Slow(20 * time.Millisecond)},
	}
}

// gateAddresses are addresses at which nobody is.
func gateAddresses() []gateFault {
	return []gateFault{
		{name: "nobody listens", url: "http://127.0.0.1:1", lost: "unavailable", slow: true},
		{name: "no such host", url: "http://api.slo-gate.invalid", lost: "unavailable", slow: true},
		{name: "no TLS there", url: "https://127.0.0.1:1", lost: "unavailable", slow: true},
	}
}

// faultSituations break the network, for everything and for some requests only.
func faultSituations() (all []situation) {
	world := releaseWorld()
	metric := func(o objective) bool {
		return len(o.windows) > 0 && !strings.Contains(strings.Join(o.tags, " ")+o.name, "monitor") && !strings.Contains(o.name, "works")
	}
	selections := [][]objective{
		named(world, "healthy"), named(world, "old-incident"), named(world, "healthy", "monitor-down"),
		named(world, "no-data"), named(world, "healthy", "monitor-no-data"), with(world, "env:prod"),
	}
	places := []struct {
		name string
		hits func(badnet.Kind) bool
		of   func(objective) bool
		// fatal: nothing can be said of any objective.
		fatal bool
	}{
		{"of everything", func(badnet.Kind) bool { return true }, func(objective) bool { return true }, true},
		{"of the listing", func(k badnet.Kind) bool { return k == badnet.Listing }, func(objective) bool { return true }, true},
		{"of series", func(k badnet.Kind) bool { return k == badnet.Series }, metric, false},
		{"of monitors", func(k badnet.Kind) bool { return k == badnet.History }, func(o objective) bool { return !metric(o) }, false},
		{"of corrections", func(k badnet.Kind) bool { return k == badnet.Corrections }, func(objective) bool { return true }, true},
	}
	for i, f := range slices.Concat(gateFaults(), gateAddresses()) {
		for j, place := range places {
			if f.fault == nil && j > 0 {
				break
			}
			for k, picked := range selections {
				for l, flags := range []string{"", "--on-unavailable pass", "--on-unavailable fail", "--on-undecided pass", "--on-unavailable pass --on-undecided pass"} {
					// Every fault in every place, and every selection and flag with some of them.
					if few := (i+j+k+l)%5 != 0; few && (f.slow || j > 2) || (i+2*j+k+3*l)%3 != 0 && j != 2 {
						continue
					}
					if f.slow && !place.fatal && (i+j+2*k+l)%4 != 0 {
						continue // these take long: what is not broken has to be there in time
					}
					all = append(all, faultSituation(f, place.name, place.hits, place.of, place.fatal, picked, flags))
				}
			}
		}
	}
	for _, flags := range []string{"", "--on-unavailable pass", "--on-unavailable fail"} {
		code := map[string]int{"": 5, "--on-unavailable pass": 0, "--on-unavailable fail": 3}[flags]
		all = append(all, situation{
			what: "a listing that lacks a part of what it counts " + flags, args: append([]string{"--env", "staging"}, strings.Fields(flags)...),
			plan: badnet.Always(badnet.Listing, lacking(4)), want: answer{code: code}, anyRules: true,
		}, situation{
			what: "corrections that are not there " + flags, args: append([]string{"corrected-for-the-worse"}, strings.Fields(flags)...),
			plan: badnet.Always(badnet.Corrections, badnet.Status(404)), want: answer{code: code}, anyRules: true,
		})
	}
	return all
}

// lacking gives the first elements of a listing and says that there are more.
func lacking(n int) badnet.Fault {
	return func(x *badnet.Exchange) {
		a := x.Answer()
		var page struct {
			Data     []json.RawMessage `json:"data"`
			Metadata json.RawMessage   `json:"metadata"`
		}
		if json.Unmarshal(a.Body, &page) == nil {
			page.Data = page.Data[:min(n, len(page.Data))]
			if offset := x.R.URL.Query().Get("offset"); offset != "" && offset != "0" {
				page.Data = []json.RawMessage{}
			}
			if short, err := json.Marshal(page); err == nil {
				a.Body = short
			}
		}
		x.Write(a)
	}
}

func faultSituation(f gateFault, place string, hits func(badnet.Kind) bool, of func(objective) bool, fatal bool, picked []objective, flags string) situation {
	names := make([]string, len(picked))
	for i, o := range picked {
		names[i] = o.name
	}
	a := asked{lost: func(o objective) string {
		if of(o) {
			return f.lost
		}
		return ""
	}}
	if strings.Contains(flags, "--on-unavailable pass") {
		a.unavailable = "pass"
	}
	if strings.Contains(flags, "--on-unavailable fail") {
		a.unavailable = "fail"
	}
	if strings.Contains(flags, "--on-undecided pass") {
		a.undecided = "pass"
	}
	s := situation{
		what: strings.TrimSpace(fmt.Sprintf("%s %s: %s %s", f.name, place, strings.Join(names, ", "), flags)),
		args: append(append([]string{}, names...), strings.Fields(flags)...), url: f.url, waits: f.slow,
	}
	if f.fault != nil {
		s.plan = func(k badnet.Kind, _ int) badnet.Fault {
			if hits(k) {
				return f.fault
			}
			return nil
		}
	}
	if f.slow {
		timeout := "10s"
		if fatal {
			timeout = "1s"
		}
		s.args = append(s.args, "--timeout", timeout)
	}
	if fatal && f.lost != "" {
		codes := map[int]bool{map[string]int{"auth": 4, "unavailable": 5}[f.lost]: true}
		for code := range codes {
			s.want.code = a.flagged(code, codes)
		}
		s.anyRules = true
	} else {
		s.want = a.judge(picked)
	}
	if f.lost == "unavailable" && a.unavailable != "" && slices.Contains([]int{0, 3, 7}, s.want.code) && (fatal || slices.ContainsFunc(picked, of)) && !strings.Contains(strings.Join(names, " "), "monitor-down") {
		s.note = "on_unavailable"
	}
	return s
}

// credentialSituations: keys that are missing, wrong or lack a scope.
func credentialSituations() (all []situation) {
	add := func(what string, code int, noCreds bool, world string, env []string, args ...string) {
		all = append(all, situation{what: what, args: args, env: env, noCreds: noCreds, world: world, want: answer{code: code}, anyRules: true})
	}
	for _, flags := range [][]string{nil, {"--on-unavailable", "pass"}, {"--on-undecided", "pass"}, {"--on-unavailable", "pass", "--on-undecided", "pass"}} {
		more := strings.Join(flags, " ")
		add("no keys "+more, 4, true, "", nil, append([]string{"healthy"}, flags...)...)
		add("an API key alone "+more, 4, true, "", []string{"DD_API_KEY=a1b2c3"}, append([]string{"healthy"}, flags...)...)
		add("keys that nobody knows "+more, 4, true, "keys", []string{"DD_API_KEY=other", "DD_APP_KEY=other"}, flags...)
		for _, scope := range []struct {
			key  string
			code int
		}{{"full", 0}, {"without-slos", 4}, {"without-queries", 4}, {"without-monitors", 4}} {
			add("a key "+scope.key+" "+more, scope.code, true, "keys", []string{"DD_API_KEY=api-key", "DD_APP_KEY=app-key-" + scope.key}, flags...)
		}
		add("a token without SLOs "+more, 4, true, "keys", []string{"DD_ACCESS_TOKEN=ddpat_without-slos"}, flags...)
	}
	add("a token", 0, true, "keys", []string{"DD_ACCESS_TOKEN=ddpat_full"})
	add("two keys, of which DD_ is taken", 0, true, "keys", []string{"DD_API_KEY=api-key", "DD_APP_KEY=app-key-full", "DATADOG_API_KEY=x", "DATADOG_APP_KEY=y"})
	return all
}

// usageSituations are typed wrong.
func usageSituations() (all []situation) {
	for _, args := range []string{
		"--expect minus", "--expect -1", "--expect 1.5", "--min-budget much", "--min-budget 100", "--min-budget NaN", "--min-budget Inf",
		"--min-coverage 2", "--min-coverage -0.1", "--min-coverage some", "--min-coverage NaN", "--min-events few", "--min-events -1", "--min-events NaN",
		"--max-age never", "--max-age 0", "--max-age -1h", "--change everything", "--on-undecided maybe", "--on-undecided warn", "--on-unavailable ok",
		"--timeframe 14d", "--tag nocolon", "--tag :x", "--nosuchflag", "--at tomorrow", "--max-requests 0",
		"-o yaml", "--offline --no-cache", "--offline --refresh", "--junit . ", "--summary .", "--junit no/such/folder/x.xml",
		"--junit same --summary same", "--at",
	} {
		all = append(all, situation{what: "typed: " + args, args: append([]string{"healthy"}, strings.Fields(args)...), want: answer{code: 2}, unread: true, unasked: true})
	}
	for _, name := range []string{"helthy", "no such SLO", "", "zzz*", "healthy nope"} {
		args := []string{name}
		if name == "healthy nope" {
			args = strings.Fields(name)
		}
		for _, flags := range []string{"", "--on-undecided pass", "--on-unavailable pass"} {
			all = append(all, situation{what: strings.TrimSpace(fmt.Sprintf("unknown: %q %s", name, flags)), args: append(slices.Clone(args), strings.Fields(flags)...), want: answer{code: 2}, anyRules: true})
		}
	}
	// These stand in files as well, so that a verdict says what is wrong with them.
	for _, args := range []string{"--timeout 0", "--timeout -1s", "--color sometimes", "--tz Nowhere/City", "--api-url ::", "--config nowhere.yaml"} {
		for _, flags := range []string{"", "--on-undecided pass", "--on-unavailable pass"} {
			all = append(all, situation{what: "set: " + args + " " + flags, args: append([]string{"healthy"}, strings.Fields(args+" "+flags)...), want: answer{code: 2}, anyRules: true, unasked: true})
		}
	}
	for what, s := range map[string]situation{
		"no such policy file":         {args: []string{"--policy", "nowhere.yaml"}},
		"a folder as a policy":        {args: []string{"--policy", "."}},
		"no such definition file":     {args: []string{"-f", "nowhere.yaml"}},
		"a project file that is none": {project: "version: 1\nsloss: []\n"},
		"a project file of tomorrow":  {project: "version: 99\n"},
	} {
		s.what, s.args, s.want.code, s.anyRules, s.unasked = what, append([]string{"healthy"}, s.args...), 2, true, true
		all = append(all, s)
	}
	for _, flags := range []string{"", "--on-unavailable pass", "--on-unavailable fail", "--on-undecided pass"} {
		code := map[string]int{"--on-unavailable pass": 0, "--on-unavailable fail": 3}[flags]
		if code == 0 && flags != "--on-unavailable pass" {
			code = 5
		}
		all = append(all, situation{what: "offline without a cache " + flags, args: append([]string{"healthy", "--offline"}, strings.Fields(flags)...), want: answer{code: code}, anyRules: true, unasked: true})
	}
	return all
}
