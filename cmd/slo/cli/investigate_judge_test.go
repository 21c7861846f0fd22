package cli_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// serviceAnswer is a document, with its rows by what they are about.
type serviceAnswer struct {
	rows  map[string]map[string]any
	notes []string
}

func readServiceAnswer(stdout string) (serviceAnswer, error) {
	var doc map[string]any
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil {
		return serviceAnswer{}, fmt.Errorf("stdout is not one JSON document: %w", err)
	}
	a := serviceAnswer{rows: map[string]map[string]any{}}
	add := func(key string, row any) {
		if row, ok := row.(map[string]any); ok {
			a.rows[key] = row
		}
	}
	for _, list := range []string{"anomalies", "endpoints"} {
		rows, _ := doc[list].([]any)
		for _, row := range rows {
			r, _ := row.(map[string]any)
			// A deployment may be told by another source, in other words.
			nearby, _ := r["nearby"].([]any)
			for _, n := range nearby {
				if n, ok := n.(map[string]any); ok && n["kind"] == "deployment" {
					delete(n, "title")
				}
			}
			add(fmt.Sprint(r["resource"], r["signal"]), r)
		}
	}
	for _, one := range []string{"service_total", "others", "rest"} {
		add(one, doc[one])
	}
	notes, _ := doc["notes"].([]any)
	for _, n := range notes {
		n, _ := n.(map[string]any)
		a.notes = append(a.notes, fmt.Sprint(n["code"]))
	}
	return a, nil
}

// judge says what of the figures is unknown that is known without the fault; an
// error is a figure that is another, or one that is missing in silence.
func (c *serviceCommand) judge(got outcome) (lost []string, err error) {
	switch got.code {
	case 4, 5:
		if got.stdout != "" {
			return nil, fmt.Errorf("code %d, and on stdout %.200s", got.code, got.stdout)
		}
		if _, message, _, err := complaintOf(got); err != nil || message == "" {
			return nil, fmt.Errorf("code %d says nothing: %w", got.code, err)
		}
		return []string{"everything"}, nil
	case 0, 6:
	default:
		return nil, fmt.Errorf("code %d: %s", got.code, got.stderr)
	}
	answer, err := readServiceAnswer(got.stdout)
	if err != nil {
		return nil, err
	}
	for key, row := range answer.rows {
		clean, known := c.clean.rows[key]
		if !known {
			return nil, fmt.Errorf("WRONG: there is no %q without the fault: %v", key, row)
		}
		coarse := row["resolution"] != clean["resolution"]
		for _, field := range slices.Sorted(maps.Keys(row)) {
			gone, err := sameOrUnknown(field, clean[field], row[field])
			switch {
			case err == nil:
				lost = append(lost, gone...)
			case coarse && slices.Contains(resolved, field):
				lost = append(lost, key+" to the minute")
			default:
				return nil, fmt.Errorf("WRONG: %q: %w (code %d, notes %v)", key, err, got.code, answer.notes)
			}
		}
	}
	for key := range c.clean.rows {
		if _, there := answer.rows[key]; !there {
			lost = append(lost, key)
		}
	}
	said := got.code == 6 || slices.ContainsFunc(answer.notes, func(code string) bool { return !slices.Contains(c.clean.notes, code) })
	if len(lost) > 0 && !said {
		return nil, fmt.Errorf("lost in silence: %v", lost)
	}
	return lost, nil
}

// resolved are the fields that depend on how exactly the ends of a finding are known.
var resolved = []string{"start", "end", "resolution", "observed", "observed_from", "expected", "ratio", "spread", "text", "url", "budget_spent", "contributors", "statuses", "versions", "nearby"}

// sameOrUnknown compares two values of a field, and names what only the first knows.
func sameOrUnknown(name string, clean, got any) (lost []string, err error) {
	switch clean := clean.(type) {
	case nil:
		if got != nil {
			return nil, fmt.Errorf("%s is %v, and unknown without the fault", name, got)
		}
		return nil, nil
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok && got != nil {
			return nil, fmt.Errorf("%s is %v, want %v", name, got, clean)
		}
		for _, k := range slices.Sorted(maps.Keys(clean)) {
			gone, err := sameOrUnknown(name+"."+k, clean[k], m[k])
			if err != nil {
				return nil, err
			}
			lost = append(lost, gone...)
		}
		return lost, nil
	case []any:
		list, ok := got.([]any)
		if !ok && got != nil {
			return nil, fmt.Errorf("%s is %v, want %v", name, got, clean)
		}
		// Of a list something may be absent, and each of the rest is in the other one.
		for _, v := range list {
			if v != nil && !slices.ContainsFunc(clean, func(c any) bool { return reflect.DeepEqual(c, v) }) {
				return nil, fmt.Errorf("%s has %v, want one of %v", name, v, clean)
			}
		}
		if len(list) < len(clean) || slices.Contains(list, nil) && !slices.Contains(clean, nil) {
			lost = append(lost, name)
		}
		return lost, nil
	}
	switch {
	case got == nil || got == "" && clean != "":
		return []string{name}, nil
	case !reflect.DeepEqual(clean, got):
		return nil, fmt.Errorf("%s is %v, want %v", name, got, clean)
	}
	return nil, nil
}
