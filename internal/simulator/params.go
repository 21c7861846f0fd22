package simulator

import (
	"strconv"
)

// seconds reads a required query parameter as a Unix second.
func (c call) seconds(name string) (int64, error) {
	text := c.URL.Query().Get(name)
	if text == "" {
		return 0, badRequest("The parameter '%s' is required", name)
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < -1<<40 || v > 1<<40 {
		return 0, badRequest("The value '%s' is not valid for the parameter '%s'", text, name)
	}
	return v, nil
}

// whole reads an optional query parameter as a number from least up.
func (c call) whole(name string, otherwise, least int) (int, error) {
	text := c.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < least || v > 1<<30 {
		return 0, badRequest("The value '%s' is not valid for the parameter '%s'", text, name)
	}
	return v, nil
}

// boolean reads an optional query parameter that is true or false.
func (c call) boolean(name string, otherwise bool) (bool, error) {
	text := c.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, badRequest("The value '%s' is not valid for the parameter '%s'", text, name)
	}
	return v, nil
}

// page cuts a page out of a list.
func page[T any](all []T, offset, limit int) []T {
	from := min(offset, len(all))
	return all[from:min(from+limit, len(all))]
}
