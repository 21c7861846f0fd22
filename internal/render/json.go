package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/slo-cli/slo/internal/document"
)

// JSON writes the payload of d, and nothing else of it, as one indented
// document. Characters that a terminal or the runner of GitHub Actions would
// obey, or that nobody would see, are escaped. A number that JSON cannot say is an error that names its place:
// it would have to be null, and only the builder can decide that.
func JSON(w io.Writer, d document.Document, _ Options) error {
	if d.Payload == nil {
		return errors.New("this document has no JSON form")
	}
	if err := finite(reflect.ValueOf(d.Payload), "payload", 0); err != nil {
		return err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d.Payload); err != nil {
		return err
	}
	// Only strings have a "#".
	_, err := w.Write(bytes.ReplaceAll(escapeInvisible(b.Bytes()), []byte(runnerCommand), []byte(`#\u0023[`)))
	return err
}

// escapeInvisible writes as \uXXXX what the encoder leaves as it is: DEL, the
// C1 controls, and everything that clean would replace or drop. Outside of
// strings JSON has none of these.
func escapeInvisible(encoded []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(encoded))
	for _, r := range string(encoded) {
		if r == '\n' || r != 0x7f && r < 0x80 || !(unicode.IsControl(r) || reverses(r) || invisible(r)) {
			b.WriteRune(r)
			continue
		}
		if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.Bytes()
}

// deepest bounds the search through a payload, which may contain itself; the
// encoder reports that.
const deepest = 100

// finite finds a NaN or an infinity in v and says where it is. The error of
// the encoder says only that there is one.
func finite(v reflect.Value, path string, depth int) error {
	if depth > deepest || !v.IsValid() {
		return nil
	}
	if v.CanInterface() {
		if _, ok := v.Interface().(json.Marshaler); ok {
			return nil
		}
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%s is %v, which JSON cannot hold: it must be null", path, f)
		}
	case reflect.Pointer, reflect.Interface:
		return finite(v.Elem(), path, depth+1)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := finite(v.Index(i), fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
				return err
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if err := finite(it.Value(), fmt.Sprintf("%s.%v", path, it.Key()), depth+1); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, skip := jsonName(f)
			if skip {
				continue
			}
			if err := finite(v.Field(i), path+name, depth+1); err != nil {
				return err
			}
		}
	default:
	}
	return nil
}

// jsonName is how the encoder names a field, with a point before it.
func jsonName(f reflect.StructField) (name string, skip bool) {
	tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case tag == "-" || !f.IsExported() && !f.Anonymous:
		return "", true
	case tag != "":
		return "." + tag, false
	case f.Anonymous:
		return "", false
	default:
		return "." + f.Name, false
	}
}
