package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
)

// published is a schema of the folder schema; closed allows no field that it does not describe.
func published(t *testing.T, name string, closed bool) *jsonschema.Schema {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "schema", name))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	if closed {
		shut(doc)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func instanceOf(t *testing.T, d document.Document) map[string]any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(rendered(t, d, render.FormatJSON, render.Options{})))
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

func TestServicesJSONIsOfItsSchema(t *testing.T) {
	t.Parallel()
	s := published(t, "investigate.schema.json", true)
	for name, i := range investigations() {
		if err := s.Validate(instanceOf(t, report.Investigation(i))); err != nil {
			t.Errorf("investigate, %s: %v", name, err)
		}
	}
	s = published(t, "endpoints.schema.json", true)
	for name, e := range comparisons() {
		if err := s.Validate(instanceOf(t, report.Endpoints(e))); err != nil {
			t.Errorf("endpoints, %s: %v", name, err)
		}
	}
}

// The schemas are not ones that everything is of, and allow what a later version adds.
func TestServicesSchemasRefuse(t *testing.T) {
	t.Parallel()
	refuse := func(schema string, d document.Document, spoils map[string]func(doc map[string]any)) {
		t.Helper()
		s := published(t, schema, false)
		for name, spoil := range spoils {
			doc := instanceOf(t, d)
			spoil(doc)
			if s.Validate(doc) == nil {
				t.Errorf("%s, %s: accepted", schema, name)
			}
		}
		doc := instanceOf(t, d)
		doc["new_field"] = true
		if err := s.Validate(doc); err != nil {
			t.Errorf("%s, a field of a later version: %v", schema, err)
		}
	}
	first := func(doc map[string]any, list string) map[string]any { return doc[list].([]any)[0].(map[string]any) }
	refuse("investigate.schema.json", report.Investigation(story()), map[string]func(doc map[string]any){
		"an unknown kind": func(doc map[string]any) { first(doc, "anomalies")["kind"] = "jump" },
		"no end":          func(doc map[string]any) { delete(first(doc, "anomalies"), "end") },
		"a local time":    func(doc map[string]any) { first(doc, "anomalies")["start"] = "2026-10-26T12:00:00+02:00" },
		"no notes":        func(doc map[string]any) { delete(doc, "notes") },
		"a share that is text": func(doc map[string]any) {
			doc["anomalies"].([]any)[1].(map[string]any)["contributors"].([]any)[0].(map[string]any)["share"] = "83%"
		},
		"a score beyond 1": func(doc map[string]any) { doc["scores"] = []any{json.Number("1.2")} },
	})
	refuse("endpoints.schema.json", report.Endpoints(limited()), map[string]func(doc map[string]any){
		"no total":            func(doc map[string]any) { delete(doc, "service_total") },
		"an unknown grouping": func(doc map[string]any) { doc["by"] = "team" },
		"a row without url":   func(doc map[string]any) { delete(first(doc, "endpoints"), "url") },
		"others without a latency": func(doc map[string]any) {
			delete(doc["others"].(map[string]any)["latency"].(map[string]any), "p95")
		},
		"text for a number": func(doc map[string]any) { first(doc, "endpoints")["requests"] = "12" },
	})
}
