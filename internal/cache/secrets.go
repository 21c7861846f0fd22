package cache

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// shortest is the length from which on a secret can be looked for: shorter ones
// stand in every text by chance.
const shortest = 4

// forms are the secrets in all the ways in which they may be written.
func forms(secrets []string) []string {
	var all []string
	for _, s := range secrets {
		if len(s) < shortest {
			continue
		}
		all = append(all, s, url.QueryEscape(s), url.PathEscape(s))
		if quoted, err := json.Marshal(s); err == nil {
			text := string(quoted[1 : len(quoted)-1])
			all = append(all, text, strings.ReplaceAll(text, "/", `\/`)) // some servers write a slash so
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// secret reports whether one of the texts holds a secret, and counts it as refused.
func (c *Cache) secret(texts ...string) bool {
	for _, text := range texts {
		for _, form := range c.forms {
			if strings.Contains(text, form) {
				c.faults.refuse()
				return true
			}
		}
	}
	return false
}

func (c *Cache) secretIn(content []byte) bool {
	for _, form := range c.forms {
		if bytes.Contains(content, []byte(form)) {
			c.faults.refuse()
			return true
		}
	}
	return false
}
