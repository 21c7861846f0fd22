package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/config"
)

// Generated policies, and such with one change, are right for the schema and
// for the parser, or wrong for both. What only the parser can see is named.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		doc := drawDocument(t)
		changed := rapid.Bool().Draw(t, "changed")
		if changed {
			change(t, doc)
		}
		agree(t, s, doc, changed)
	})
}

// The same for every value of a policy that has every key, and other
// values in its place, one at a time.
func TestSchemaAndParserAgreeEverywhere(t *testing.T) {
	t.Parallel()
	s := schema(t)
	text, err := object(everyKey)
	if err != nil {
		t.Fatal(err)
	}
	var doc tree
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	agree(t, s, doc, false)
	doc["more"] = 1
	agree(t, s, doc, true)
	delete(doc, "more")
	for i, at := range spots(doc) {
		was := at.value()
		for j, other := range others() {
			if (i+j)%3 == 0 { // the others are tried at its neighbours
				at.set(other)
				agree(t, s, doc, true)
			}
		}
		at.set(was)
		if o, isObject := was.(tree); isObject {
			o["more"] = 1
			agree(t, s, doc, true)
			delete(o, "more")
		}
		if o, isObject := at.of.(tree); isObject {
			delete(o, at.key)
			agree(t, s, doc, true)
			at.set(was)
		}
	}
	agree(t, s, doc, false)
}

func agree(t fatal, s *jsonschema.Schema, doc tree, changed bool) {
	t.Helper()
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	_, parsed := config.ParsePolicy("f", data)
	invalid := validate(t, s, data)
	var wrong *config.Error
	switch {
	case parsed == nil && invalid != nil:
		t.Fatal(string(data), "only the schema refuses", invalid)
	case parsed == nil:
	case !errors.As(parsed, &wrong):
		t.Fatal(parsed)
	case !changed:
		t.Fatal(string(data), parsed)
	case invalid == nil && !beyondSchema.MatchString(wrong.Message) && !needsPolicies.MatchString(wrong.Message):
		t.Fatal(string(data), "only the parser refuses", parsed)
	}
}

// tree is an object of JSON.
type tree = map[string]any

// some draws one of the values.
func some(t *rapid.T, of ...any) any { return rapid.SampledFrom(of).Draw(t, "value") }

// few draws one to three of what one draws.
func few(t *rapid.T, one func(*rapid.T) any) []any {
	var all []any
	for range rapid.IntRange(1, 3).Draw(t, "how many") {
		all = append(all, one(t))
	}
	return all
}

// oneOrFew draws a value or a list.
func oneOrFew(t *rapid.T, one func(*rapid.T) any) any {
	if rapid.Bool().Draw(t, "one") {
		return one(t)
	}
	return few(t, one)
}

// keep keeps some of the keys, and all that are required.
func keep(t *rapid.T, all tree, required ...string) tree {
	kept := tree{}
	keys := slices.Sorted(maps.Keys(all))
	least := rapid.SampledFrom(keys).Draw(t, "least")
	for _, key := range keys {
		if key == least || slices.Contains(required, key) || rapid.Bool().Draw(t, key) {
			kept[key] = all[key]
		}
	}
	return kept
}

func drawDocument(t *rapid.T) tree {
	doc := tree{"version": 1, "policies": few(t, drawSection)}
	if rapid.Bool().Draw(t, "calendars") {
		doc["calendars"] = tree{"year-end": drawCalendar(t), "週末 2": drawCalendar(t)}
	}
	return doc
}

func drawText(t *rapid.T) any {
	return some(t, "checkout", "prod", "16:00", "off", "nightly x", "決済API", " a ", "\x1b[31m<&>", "2026-12-24", "10%", "null", "true", "7")
}

func drawName(t *rapid.T) any { return some(t, "checkout availability", "nightly*", "*", "a") }

func drawSection(t *rapid.T) any {
	number := func(low, high float64) any {
		return json.Number(string(must(json.Marshal(rapid.Map(rapid.Float64Range(low, high), func(v float64) float64 {
			return float64(int64(v*1000)) / 1000
		}).Draw(t, "number")))))
	}
	level := func(t *rapid.T) any { return some(t, "off", "warn", "block") }
	burn := func(t *rapid.T) any {
		if rapid.Bool().Draw(t, "short") {
			return level(t)
		}
		return keep(t, tree{"level": level(t), "threshold": number(0.001, 1e5)})
	}
	return keep(t, tree{
		"name":           drawText(t),
		"match":          keep(t, tree{"service": oneOrFew(t, drawText), "env": oneOrFew(t, drawText), "team": oneOrFew(t, drawText), "tag": oneOrFew(t, drawText), "slo": oneOrFew(t, drawName)}),
		"budget":         keep(t, tree{"block": some(t, "off", 0, number(0, 99.9), "5%", "20.25 %", "099%"), "warn": some(t, "off", number(0, 99.9))}),
		"attainment":     keep(t, tree{"block": some(t, "off", 100, number(0.001, 100), "100%", "99.95%", "0.1%"), "warn": some(t, "off", number(0.001, 100))}),
		"burn":           keep(t, tree{"1h": burn(t), "6h": burn(t), "24h": burn(t)}),
		"min_events":     rapid.IntRange(0, 1e12).Draw(t, "events"),
		"min_coverage":   some(t, 0, 1, number(0, 1), "90%", "100%", "0%"),
		"max_age":        some(t, "90s", "5m", "1h30m", "1.5h", "2d", "65w", "455d", "1h1h1h"),
		"low_traffic":    some(t, "off", keep(t, tree{"events": rapid.IntRange(1, 1e6).Draw(t, "few"), "level": some(t, "off", "warn")}, "events")),
		"fixes_may_pass": rapid.Bool().Draw(t, "fixes"),
		"expect":         rapid.IntRange(1, 1e6).Draw(t, "expect"),
		"require":        oneOrFew(t, drawName),
		"freezes": oneOrFew(t, func(t *rapid.T) any {
			return some(t, "year-end", keep(t, tree{"calendar": "週末 2", "level": some(t, "warn", "block")}, "calendar"))
		}),
		"overrides": few(t, func(t *rapid.T) any {
			return tree{
				"rules": oneOrFew(t, func(t *rapid.T) any {
					return some(t, "budget", "attainment", "burn_1h", "burn_6h", "burn_24h", "freeze")
				}),
				"reason": drawText(t), "author": drawText(t), "expires": some(t, "2026-11-20", "2026-11-20T18:00", "2026-11-20T18:00:59Z", "2026-11-20 18:00+09:00", "0000-01-01", "2024-02-29"),
			}
		}),
	}, "name", rapid.SampledFrom([]string{"budget", "burn", "expect", "overrides"}).Draw(t, "sets"))
}

func drawCalendar(t *rapid.T) any {
	return tree{
		"time_zone": some(t, "UTC", "Asia/Tokyo", "America/Argentina/Buenos_Aires", "Etc/GMT+9"),
		"freezes": few(t, func(t *rapid.T) any {
			if rapid.Bool().Draw(t, "dated") {
				return tree{"from": some(t, "2026-12-24", "2026-12-24 18:00"), "to": some(t, "2027-01-05", "2026-12-31T12:00:00Z"), "reason": drawText(t)}
			}
			return keep(t, tree{
				"weekly": oneOrFew(t, func(t *rapid.T) any { return some(t, "mon", "sun", "fri", "friday") }),
				"from":   some(t, "00:00", "9:30", "16:00"), "to": some(t, "24:00", "23:59", "17:00"), "reason": drawText(t),
			}, "weekly", "reason")
		}),
	}
}

// spot is a value somewhere in a document.
type spot struct {
	of  any // an object or a list
	key string
	i   int
}

func (s spot) value() any {
	if o, isObject := s.of.(tree); isObject {
		return o[s.key]
	}
	return s.of.([]any)[s.i]
}

func (s spot) set(v any) {
	if o, isObject := s.of.(tree); isObject {
		o[s.key] = v
		return
	}
	s.of.([]any)[s.i] = v
}

func spots(v any) (all []spot) {
	switch v := v.(type) {
	case tree:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(append(all, spot{of: v, key: key}), spots(v[key])...)
		}
	case []any:
		for i, item := range v {
			all = append(append(all, spot{of: v, i: i}), spots(item)...)
		}
	}
	return all
}

// change makes one mistake, or none: what stands there now may be right.
func change(t *rapid.T, doc tree) {
	at := rapid.SampledFrom(spots(doc)).Draw(t, "where")
	other := some(t, others()...)
	o, isObject := at.of.(tree)
	if !isObject {
		at.set(other)
		return
	}
	switch rapid.IntRange(0, 3).Draw(t, "how") {
	case 0:
		delete(o, at.key)
	case 1:
		o[some(t, "nmae", "level", "block", "weekly", "from", "", "Name", "name", "expect", "reason", "events", "time_zone").(string)] = other
	default:
		at.set(other)
	}
}

// others are values that are right in some places and wrong in most.
func others() []any {
	return []any{
		nil, true, false, 0, -1, 1, 2, 100, 101, 1_000_000_000_001, json.Number("0.5"), json.Number("-0.5"), json.Number("99.9"), json.Number("100.5"),
		"", " ", "off", "warn", "block", "Off", "budget", "data", "mon", "Monday", "text", "1", "90", "prod*", "x:y",
		"16:00", "24:00", "24:01", "9:5", "2026-12-24", "2026-02-30", "2026-13-01", "2026-12-24T24:00", "2026-12-24T18:00+25:00", "2026-12-24T18:00+24:00", "0001-01-01", "9999-12-31T23:59:59",
		"5m", "0s", "0.0h", "500d", "5ms", "-5m", "1d1h", "9999w", "99999d", "0%", "000.0%", "10%", "100%", "100.1%", "101%", "-1%", "1%%", "10  %",
		"Local", "localtime", "right/UTC", "Asia/Tokio", "CET", "+09:00", "../x", "UTC",
		[]any{}, []any{"a"}, []any{nil}, []any{[]any{"a"}}, tree{}, tree{"a": 1}, tree{"name": "a"}, tree{"level": "warn"}, tree{"calendar": "a"}, tree{"events": 5},
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}
