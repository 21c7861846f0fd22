package apm

import "strings"

// Name is what people call a group: the tag without its key, and a resource
// name that Datadog wrote as post_/login as POST /login. More is not undone,
// since an underscore may be one.
func Name(tag string) string {
	_, value, found := strings.Cut(tag, ":")
	if !found {
		return tag
	}
	if verb, path, found := strings.Cut(value, "_"); found && strings.HasPrefix(path, "/") && isVerb(verb) {
		return strings.ToUpper(verb) + " " + path
	}
	return value
}

func isVerb(s string) bool {
	switch s {
	case "get", "head", "post", "put", "patch", "delete", "options", "connect", "trace":
		return true
	}
	return false
}
