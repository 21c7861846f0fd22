package report_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

// gateSchema is the published schema; closed allows no field that it does not describe.
func gateSchema(t *testing.T, closed bool) *jsonschema.Schema {
	t.Helper()
	const name = "gate.schema.json"
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

// shut forbids further fields in every object that requires some.
func shut(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["required"] != nil {
			v["additionalProperties"] = false
		}
		for _, part := range v {
			shut(part)
		}
	case []any:
		for _, part := range v {
			shut(part)
		}
	}
}

func instance(t *testing.T, r report.GateReport) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(gateAs(t, r, render.FormatJSON, render.Options{})))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestGateJSONIsOfItsSchema(t *testing.T) {
	t.Parallel()
	s := gateSchema(t, true)
	for name, r := range situations(t) {
		if err := s.Validate(instance(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The schema is not one that everything is of.
func TestGateSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := gateSchema(t, false)
	for name, spoil := range map[string]func(doc map[string]any){
		"no verdict":            func(doc map[string]any) { delete(doc, "verdict") },
		"an unknown verdict":    func(doc map[string]any) { doc["verdict"] = "ok" },
		"a pass with code 7":    func(doc map[string]any) { doc["exit_code"] = json.Number("7") },
		"a fail with code 0":    func(doc map[string]any) { doc["verdict"] = "fail" },
		"a pass without a rule": func(doc map[string]any) { doc["rules"] = []any{} },
		"a local time":          func(doc map[string]any) { doc["at"] = "2026-10-26T12:00:00+02:00" },
		"a rule without value":  func(doc map[string]any) { delete(doc["rules"].([]any)[0].(map[string]any), "value") },
		"text for a number":     func(doc map[string]any) { doc["rules"].([]any)[0].(map[string]any)["value"] = "3" },
	} {
		doc := instance(t, situations(t)["pass"]).(map[string]any)
		if err := s.Validate(doc); err != nil {
			t.Fatalf("before %s: %v", name, err)
		}
		spoil(doc)
		if s.Validate(doc) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	extended := instance(t, situations(t)["pass"]).(map[string]any)
	extended["new_field"] = true
	if err := s.Validate(extended); err != nil {
		t.Errorf("a field of a later version: %v", err)
	}
}

// Unknown figures are null, and so are those that JSON has no number for: the verdict is not lost to them.
func TestGateJSONUnknown(t *testing.T) {
	t.Parallel()
	r := gated(policy.Fail, 3, nil, rule("a", "burn_1h", policy.Fail, "x", func(c *policy.Check) {
		c.Value, c.Threshold, c.Unit = slo.Known(math.Inf(1)), slo.Known(math.NaN()), policy.BurnRate
		c.Confirm = &policy.Confirm{Value: slo.Figure{}}
	}))
	doc := instance(t, r).(map[string]any)
	first := doc["rules"].([]any)[0].(map[string]any)
	for _, field := range []string{"value", "threshold", "since", "recovers_at", "recovers_at_if_quiet", "override"} {
		if first[field] != nil {
			t.Errorf("%s is %v, want null", field, first[field])
		}
	}
	if v := first["confirmed_by"].(map[string]any)["value"]; v != nil {
		t.Errorf("confirmed_by.value is %v, want null", v)
	}
	for format := range map[string]bool{render.FormatTable: true, render.FormatCSV: true, render.FormatJUnit: true, render.FormatGitHub: true} {
		gateAs(t, r, format, render.Options{})
	}
}
