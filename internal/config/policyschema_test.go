package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/slo-cli/slo/internal/config"
)

var schemaPath = filepath.Join("..", "..", "schema", "slo.schema.json")

// schema is the published one, for editors.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(schemaPath)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// object is a project file as JSON, each section as the reader of YAML sees it.
func object(content string) ([]byte, error) {
	p, err := config.ParseProject("f", []byte(content))
	if err != nil {
		return nil, err
	}
	all := map[string]any{"version": 1}
	if p.Policies != nil {
		all["policies"] = p.Policies.JSON
	}
	if p.Calendars != nil {
		all["calendars"] = p.Calendars.JSON
	}
	if p.SLOs != nil {
		list := []json.RawMessage{}
		for _, s := range p.SLOs {
			list = append(list, s.JSON)
		}
		all["slos"] = list
	}
	return json.Marshal(all)
}

// validate holds JSON against the schema.
func validate(t fatal, s *jsonschema.Schema, data []byte) error {
	t.Helper()
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(string(data), err)
	}
	return s.Validate(instance)
}

func TestSchemaAcceptsWhatIsRight(t *testing.T) {
	t.Parallel()
	s := schema(t)
	files := map[string]string{
		"every key": everyKey, "default": config.DefaultPolicyText(),
		"slos": good[:bytes.Index([]byte(good), []byte("policies:"))],
	}
	for _, path := range examples(t) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = string(content)
	}
	// A section may be no more than one rule.
	for _, rule := range []string{
		"budget: {warn: 5}", "attainment: {block: 99}", "burn: {6h: off}", "min_events: 5", "min_coverage: 0.5", "max_age: 5m",
		"low_traffic: off", "fixes_may_pass: false", "expect: 1", "require: a", "freezes: a", "overrides: [{rules: freeze, reason: r, author: a, expires: 2026-11-20}]",
	} {
		files[rule] = "version: 1\npolicies:\n- name: a\n  " + rule + "\n"
	}
	for _, day := range []string{
		"mon", "tue", "wed", "thu", "fri", "sat", "sun", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
	} {
		files[day] = somePolicy + "calendars: {a: {time_zone: UTC, freezes: [{weekly: " + day + ", reason: r}]}}\n"
	}
	for name, content := range files {
		if _, err := config.ParsePolicy("f", []byte(content)); err != nil && name != "slos" {
			t.Error(err)
		}
		data, err := object(content)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// beyondSchema are the complaints for which there are no words in a schema:
// which days and zones there are, what comes after what, sums and products.
var beyondSchema = regexp.MustCompile(`not after from|: time_zone "[A-Za-z]|: (from|to|expires) "[0-9-]{10}([T ].*)?": want a date|"[0-9.dwhms]+": want a length of time`)

// needsPolicies is the complaint about a project file that is no policy.
var needsPolicies = regexp.MustCompile(`the key policies is missing|no policies that put them in force`)

// Each mistake of the tables is a mistake in an editor too.
func TestSchemaRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for _, kind := range []mistakes{wrongPolicies(), wrongKeys(), wrongCalendars(), wrongZones(), wrongFreezes()} {
		for i, m := range kind.list {
			data, err := object(kind.file(i))
			if err == nil && validate(t, s, data) == nil && !beyondSchema.MatchString(m.message) {
				t.Errorf("%s: the schema takes it", m.text)
			}
		}
	}
	entry := `{"version": 1, "slos": [%s]}`
	for _, slo := range []string{
		`{"type": "metric", "query": {}, "thresholds": [{"timeframe": "7d", "target": 99}]}`,
		`{"name": "a", "type": "latency", "query": {}, "thresholds": [{"timeframe": "7d", "target": 99}]}`,
		`{"name": "a", "type": "metric", "thresholds": [{"timeframe": "7d", "target": 99}]}`,
		`{"name": "a", "type": "time_slice", "thresholds": [{"timeframe": "7d", "target": 99}]}`,
		`{"name": "a", "type": "monitor", "thresholds": [{"timeframe": "7d", "target": 99}]}`,
		`{"name": "a", "type": "metric", "query": {}, "thresholds": []}`,
		`{"name": "a", "type": "metric", "query": {}, "thresholds": [{"timeframe": "7d", "target": 0}]}`,
		`{"name": "a", "type": "metric", "query": {}, "thresholds": [{"target": 99}]}`,
		`{"name": "a", "type": "metric", "query": {}, "tags": [1], "thresholds": [{"timeframe": "7d", "target": 99}]}`,
		`{"name": "a", "type": "metric", "query": {}, "thresholds": [{"timeframe": "7d", "target": 99}], "typ": 1}`,
	} {
		data := []byte(string(bytes.Replace([]byte(entry), []byte("%s"), []byte(slo), 1)))
		var wrong *config.Error
		if _, err := config.ParseProject("f", data); !errors.As(err, &wrong) || validate(t, s, data) == nil {
			t.Errorf("%s: accepted", slo)
		}
	}
}

// An editor shows a title and a description for each key.
func TestSchemaDescribesEveryKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(schemaPath)
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var keys []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for key, item := range v {
				properties, ok := item.(map[string]any)
				if walk(item); key != "properties" || !ok {
					continue
				}
				for name, p := range properties {
					described := p.(map[string]any)
					if described["const"] != nil && described["title"] == nil && name == "type" {
						continue // a condition, not a key
					}
					if described["title"] == nil || described["description"] == nil {
						t.Errorf("%s: want a title and a description", name)
					}
					keys = append(keys, name)
				}
			}
		}
	}
	walk(root)
	slices.Sort(keys)
	if keys = slices.Compact(keys); len(keys) < 60 {
		t.Errorf("only %d keys: %v", len(keys), keys)
	}
	if root["$id"] == nil || root["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("$id %v, $schema %v", root["$id"], root["$schema"])
	}
}
