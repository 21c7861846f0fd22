package config

import (
	"fmt"
	"net/url"
	"strings"
)

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
	u, err := url.Parse("https://" + host)
	if err != nil || u.Host != host || u.Hostname() == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:") != "" || strings.Contains("."+u.Hostname()+".", "..") {
		return "", fmt.Errorf("want a Datadog site, such as datadoghq.com, datadoghq.eu or us5.datadoghq.com")
	}
	return host, nil
}

// parseBaseURL reads the address of the API. It may have a path, for proxies.
func parseBaseURL(s string) (string, error) {
	wrong := fmt.Errorf("want an address such as https://api.datadoghq.eu or http://127.0.0.1:8080")
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return "", wrong
	}
	switch {
	case u.User != nil:
		return "", fmt.Errorf("want an address without a user name and password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("want an address without ? and #")
	}
	return strings.TrimRight(u.String(), "/"), nil
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
