package badnet

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// Rewrite changes the decoded body of the answer. Numbers are json.Number.
func Rewrite(change func(any) any) Fault {
	return func(x *Exchange) {
		a := x.Answer()
		a.Body = rewritten(a.Body, change)
		x.Write(a)
	}
}

func rewritten(body []byte, change func(any) any) []byte {
	v, ok := decoded(body)
	if !ok {
		return body
	}
	return encoded(change(v))
}

func decoded(body []byte) (v any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return v, d.Decode(&v) == nil
}

func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil // only what came from JSON gets here
	}
	return b
}

// each rebuilds a value from the inside out. name is the field that it stands in.
func each(v any, name string, change func(name string, v any) any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			v[k] = each(inner, k, change)
		}
	case []any:
		for i, inner := range v {
			v[i] = each(inner, name, change)
		}
	}
	return change(name, v)
}

// TextForNumbers puts every number in quotes, with a word in front that makes it none.
func TextForNumbers(v any) any {
	return each(v, "", func(_ string, v any) any {
		if n, ok := v.(json.Number); ok {
			return "about " + n.String()
		}
		return v
	})
}

// NumbersForText puts a number in the place of every text.
func NumbersForText(v any) any {
	return each(v, "", func(_ string, v any) any {
		if _, ok := v.(string); ok {
			return json.Number("7")
		}
		return v
	})
}

// ObjectsForLists puts an object in the place of every list.
func ObjectsForLists(v any) any {
	return each(v, "", func(_ string, v any) any {
		if l, ok := v.([]any); ok {
			o := map[string]any{}
			for i, e := range l {
				o[strconv.Itoa(i)] = e
			}
			return o
		}
		return v
	})
}

// ListsForObjects puts every object into a list, but not the outermost.
func ListsForObjects(v any) any {
	outer, ok := v.(map[string]any)
	if !ok {
		return []any{v}
	}
	for k, inner := range outer {
		outer[k] = each(inner, k, func(_ string, v any) any {
			if o, ok := v.(map[string]any); ok {
				return []any{o}
			}
			return v
		})
	}
	return outer
}

// NullsInside puts null in the place of everything that is neither object nor list.
func NullsInside(v any) any {
	return each(v, "", func(_ string, v any) any {
		switch v.(type) {
		case map[string]any, []any:
			return v
		}
		return nil
	})
}

// MoreFields adds fields that nobody knows yet to every object. In a map whose
// keys are data, such as thresholds by timeframe, that is one more key.
func MoreFields(v any) any {
	return each(v, "", func(_ string, v any) any {
		if o, ok := v.(map[string]any); ok {
			o["x_future"] = map[string]any{"number": json.Number("1"), "list": []any{nil, "text"}, "flag": true}
			o["x_plain"] = "text"
			o["warnings"] = []any{"a new kind of warning"}
		}
		return v
	})
}

// UnknownWords puts words of the future in the place of those that are chosen from a list.
func UnknownWords(v any) any {
	chosen := []string{"type", "type_id", "timeframe", "category", "state", "on_missing_data", "notify_no_data", "comparator", "error_type", "resp_version"}
	return each(v, "", func(name string, v any) any {
		if !slices.Contains(chosen, name) {
			return v
		}
		switch v.(type) {
		case string:
			return "of_the_future"
		case json.Number:
			return json.Number("99")
		case bool:
			return "maybe"
		}
		return v
	})
}

// UnknownStates puts a state that does not exist in the place of every state of a history.
func UnknownStates(v any) any {
	return each(v, "", func(name string, v any) any {
		if pair, ok := v.([]any); ok && name == "history" && len(pair) == 2 {
			if at, plain := pair[0].(json.Number); plain {
				return []any{at, json.Number("7")}
			}
		}
		return v
	})
}

// WithError puts an error beside the data, in a 200.
func WithError(field string, value any) func(any) any {
	return func(v any) any {
		if o, ok := v.(map[string]any); ok {
			o[field] = value
		}
		return v
	}
}

// Appended sends the answer with something behind it.
func Appended(more string) Fault {
	return func(x *Exchange) {
		a := x.Answer()
		a.Body = append(slices.Clone(a.Body), more...)
		x.Write(a)
	}
}

// NotUTF8 breaks the encoding of a text in the answer, if there is a text.
func NotUTF8(x *Exchange) {
	a := x.Answer()
	a.Body = bytes.Replace(slices.Clone(a.Body), []byte(`":"`), []byte("\":\"\xff\xfe"), 1)
	a.Header.Set("Content-Type", "application/json")
	x.Write(a)
}

// Typed answers as usual under another media type.
func Typed(mediaType string) Fault {
	return func(x *Exchange) {
		a := x.Answer()
		a.Header = http.Header{"Content-Type": {mediaType}}
		x.Write(a)
	}
}
