package render

import (
	"net/url"
	"strings"
)

// unsafeInURL would end or change an address inside Markdown, HTML or an OSC 8
// sequence.
const unsafeInURL = "\"'<>\\^`{|}()[]"

// safeURL is the address that a link may lead to, in printable ASCII, or "".
// Only the web is allowed: a name must not be able to run a script or to open a
// program. An address with a user name in it looks like another host than it is.
func safeURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") || !safeHost(u.Host) {
		return ""
	}
	rest := url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery, Fragment: u.Fragment, RawFragment: u.RawFragment}
	var b strings.Builder
	b.WriteString(u.Scheme + "://" + u.Host)
	for _, c := range []byte(rest.String()) {
		if c <= ' ' || c > '~' || strings.IndexByte(unsafeInURL, c) >= 0 {
			const hex = "0123456789ABCDEF"
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func safeHost(host string) bool {
	for _, c := range []byte(host) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte(".-_:[]", c) < 0 {
			return false
		}
	}
	return host != ""
}
