package config

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// longestSite is about three times as long as any site of Datadog.
const longestSite = 60

// parseAddress is [parse] for a site or an address. Keys and passwords end up
// in these by mistake, so the complaint repeats a scheme and a host at most.
func parseAddress(s Setting, parser func(string) (string, error)) (Setting, error) {
	v, err := parser(s.Value)
	if err != nil {
		return Setting{}, &Error{Message: fmt.Sprintf("%s%s: %v", s.Origin, shown(s.Value), err)}
	}
	return Setting{v, s.Origin}, nil
}

// shown is what a message may repeat of a wrong site or address: its scheme and
// host, quoted, with … for what was left out; nothing where the host does not
// look like one or where the end of a password is a matter of opinion.
func shown(address string) string {
	if strings.Contains(address, "@") {
		return ""
	}
	start := 0
	if i := strings.Index(address, "://"); i >= 0 {
		start = i + len("://")
	}
	end, left := len(address), ""
	if i := strings.IndexAny(address[start:], "/?#\\"); i >= 0 {
		end, left = start+i, "…"
	}
	if scheme := strings.TrimSuffix(address[:start], "://"); strings.Trim(scheme, lowercase) != "" || !looksLikeHost(address[start:end]) {
		return ""
	}
	return fmt.Sprintf(" %q", address[:end]+left)
}

const (
	lowercase = "abcdefghijklmnopqrstuvwxyz"
	digits    = "0123456789"
)

// looksLikeHost reports whether s can be meant as a host name, with or without
// a port, and not as a key.
func looksLikeHost(s string) bool {
	s = strings.ToLower(s)
	host, port, _ := strings.Cut(s, ":")
	return host != "" && len(s) <= longestSite && strings.Trim(host, lowercase+digits+".-") == "" &&
		strings.Trim(port, digits) == "" && !looksLikeKey(host)
}

// looksLikeKey recognises API keys, application keys and tokens, all of which
// have 32 characters or more, also behind the "api." that slo itself puts
// before a site. No host without a dot is that long.
func looksLikeKey(host string) bool {
	host = strings.ToLower(host)
	host = strings.TrimPrefix(strings.TrimPrefix(host, "app."), "api.")
	return len(host) >= 32 && strings.Trim(host, lowercase+digits+"_") == ""
}

// parseSite reads a Datadog site such as "datadoghq.eu". People paste
// addresses of the web application or the API here: the scheme, "app." or
// "api.", and a slash at the end are taken off.
func parseSite(s string) (string, error) {
	host := strings.ToLower(s)
	for _, scheme := range []string{"https://", "http://"} {
		host = strings.TrimPrefix(host, scheme)
	}
	host = strings.TrimRight(host, "/")
	for _, prefix := range []string{"app.", "api."} {
		host = strings.TrimPrefix(host, prefix)
	}
	if looksLikeKey(host) {
		return "", errors.New("looks like a key, want a Datadog site, such as datadoghq.com, datadoghq.eu or us5.datadoghq.com")
	}
	u, err := url.Parse("https://" + host)
	if err != nil || u.Host != host || !looksLikeHost(host) || strings.Contains("."+u.Hostname()+".", "..") {
		return "", errors.New("want a Datadog site, such as datadoghq.com, datadoghq.eu or us5.datadoghq.com")
	}
	return host, nil
}

// parseBaseURL reads the address of the API. It may have a path, for proxies.
func parseBaseURL(s string) (string, error) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	if strings.Contains(s, "@") {
		return "", errors.New("want an address without a user name and password, such as https://api.datadoghq.eu")
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return "", errors.New("want an address such as https://api.datadoghq.eu or http://127.0.0.1:8080")
	}
	switch {
	case looksLikeKey(u.Hostname()):
		return "", errors.New("looks like a key, want an address such as https://api.datadoghq.eu")
	case !isPort(u.Port()):
		return "", errors.New("want a port from 1 to 65535, such as http://127.0.0.1:8080")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("want an address without ? and #, such as https://api.datadoghq.eu")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// isPort reports whether the port of an address can be dialled; empty is the scheme's own.
func isPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// AppURL is the address of the web application of a site. The older sites have
// it under "app."; those with a name of their own, such as us3.datadoghq.com,
// are the address themselves.
func AppURL(site string) string {
	if strings.Count(site, ".") >= 2 {
		return "https://" + site
	}
	return "https://app." + site
}
