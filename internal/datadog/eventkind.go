package datadog

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// kind says what an event is by what it says itself: its source, its tags, and
// the words with which Datadog begins the title of a monitor's event.
func (in innerEvent) kind(title string, tags []string) timeseries.EventKind {
	sources := in.sources(tags)
	if in.ofMonitor(title, sources) {
		return timeseries.MonitorAlert
	}
	if deploys(title, tags, sources, in.words("name", "type")) {
		return timeseries.Deployment
	}
	return timeseries.OtherEvent
}

// sources are where the event came from, in lower case.
func (in innerEvent) sources(tags []string) []string {
	sources := []string{textOf(in.SourceType), textOf(in.SourceCategory)}
	for _, tag := range tags {
		if key, value, ok := strings.Cut(tag, ":"); ok && strings.EqualFold(key, "source") {
			sources = append(sources, value)
		}
	}
	for i, s := range sources {
		sources[i] = strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
	}
	return deleteEmpty(sources)
}

// words are texts of the event's own description.
func (in innerEvent) words(names ...string) []string {
	var evt map[string]json.RawMessage
	if isNull(in.Evt) || json.Unmarshal(in.Evt, &evt) != nil {
		return nil
	}
	var all []string
	for _, name := range names {
		if text := textOf(evt[name]); text != "" {
			all = append(all, strings.ToLower(text))
		}
	}
	return all
}

// alertTitles are how Datadog begins the titles of what monitors report.
var alertTitles = []string{"[triggered", "[re-triggered", "[recovered", "[warn]", "[warn on", "[renotify", "[no data", "[monitor alert]"}

func (in innerEvent) ofMonitor(title string, sources []string) bool {
	var monitor map[string]json.RawMessage
	if !isNull(in.Monitor) && json.Unmarshal(in.Monitor, &monitor) == nil && len(monitor) > 0 {
		return true
	}
	if id, err := integerOf(in.MonitorID); err == nil && id > 0 {
		return true
	}
	for _, s := range sources {
		if s == "alert" || s == "monitor" || s == "monitoralert" {
			return true
		}
	}
	begin := strings.ToLower(strings.TrimSpace(title))
	return slices.ContainsFunc(alertTitles, func(t string) bool { return strings.HasPrefix(begin, t) })
}

var (
	// deployers are sources that report nothing but releases.
	deployers = []string{
		"deployment", "deployments", "deploy", "release", "releases", "argocd", "argorollouts", "spinnaker",
		"octopus", "octopusdeploy", "codedeploy", "awscodedeploy", "amazoncodedeploy", "flux", "fluxcd", "capistrano", "launchpad",
	}
	// builders are sources that report releases beside much else.
	builders = []string{
		"github", "githubactions", "gitlab", "gitlabci", "bitbucket", "jenkins", "circleci", "buildkite", "teamcity",
		"azuredevops", "travisci", "harness", "bamboo",
	}
	// kindKeys are the keys of tags that say what kind of thing an event is.
	kindKeys = []string{"event", "event_type", "eventtype", "event_name", "type", "kind", "category", "change_type", "action", "deployment", "deploy"}
)

// deploys reports whether an event is about a release.
func deploys(title string, tags, sources, words []string) bool {
	if slices.ContainsFunc(sources, func(s string) bool { return slices.Contains(deployers, s) }) {
		return true
	}
	if slices.ContainsFunc(words, saysDeploy) {
		return true
	}
	if slices.ContainsFunc(sources, func(s string) bool { return slices.Contains(builders, s) }) && saysDeploy(title) {
		return true
	}
	// In Kubernetes a deployment is a thing that many events are about, and not something that happened.
	cluster := slices.ContainsFunc(sources, func(s string) bool { return s == "kubernetes" || s == "k8s" || s == "docker" })
	for _, tag := range tags {
		key, value, _ := strings.Cut(strings.ToLower(tag), ":")
		switch {
		case cluster || value == "false":
		case value == "" && saysDeploy(key) && !strings.Contains(key, "_"):
			return true
		case value != "" && slices.Contains(kindKeys, key) && (key == "deployment" || key == "deploy" || saysDeploy(value)):
			return true
		}
	}
	return false
}

// saysDeploy reports whether one of the words of a text means a release.
func saysDeploy(text string) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' })
	return slices.ContainsFunc(words, func(w string) bool {
		switch w {
		case "deploy", "deploys", "deployed", "deploying", "deployment", "deployments", "release", "released", "rollout", "rollback":
			return true
		}
		return false
	})
}
