package config

import (
	"fmt"
	"strings"
)

// redacted is what every attempt to print a [Secret] yields.
const redacted = "[redacted]"

// Secret is a key or token. It prints as [redacted] in every format, also
// inside of other values; only [Secret.Reveal] tells. The zero Secret is absent.
type Secret struct {
	// A function keeps fmt from walking into a Secret in an unexported field,
	// where it cannot call Format.
	reveal func() string
	origin string
}

// NewSecret takes a value and the name of the variable that it comes from.
func NewSecret(value, origin string) Secret {
	return Secret{func() string { return value }, origin}
}

// Reveal is the value, for the header that needs it; empty when absent.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Origin names the variable that the value comes from.
func (s Secret) Origin() string { return s.origin }

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String is [redacted].
func (s Secret) String() string { return redacted }

// Format writes [redacted] whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// MarshalText writes [redacted]; JSON and YAML use it too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Credentials are what requests are signed with. AccessToken wins: the keys
// are then not sent.
type Credentials struct {
	APIKey, AppKey, AccessToken Secret

	// problem is what is wrong with them, nil when they can be used.
	problem *CredentialsError
}

// CredentialsError says that credentials are missing or cannot be right. It
// never contains them.
type CredentialsError struct {
	Message string
	Hints   []string
}

// Error is the message.
func (e *CredentialsError) Error() string { return e.Message }

// Check is a *[CredentialsError] when requests cannot be signed, and nil otherwise.
func (c Credentials) Check() error {
	if c.problem != nil {
		return c.problem
	}
	return nil
}

// findCredentials reads the variables. The first that is set is taken, right or
// wrong: passing over a mistyped key would hide the mistake.
func findCredentials(env func(string) string) Credentials {
	var c Credentials
	find := func(names ...string) Secret {
		for _, name := range names {
			value := env(name)
			if value == "" {
				continue
			}
			if reason := implausible(value); reason != "" {
				c.problem = &CredentialsError{
					Message: name + ": " + reason,
					Hints:   []string{"API keys and application keys are made in Datadog under Organization Settings, and shown there once"},
				}
			}
			return NewSecret(value, name)
		}
		return Secret{}
	}
	if c.AccessToken = find("DD_ACCESS_TOKEN"); !c.AccessToken.IsZero() {
		return c
	}
	c.APIKey = find("DD_API_KEY", "DATADOG_API_KEY")
	c.AppKey = find("DD_APP_KEY", "DATADOG_APP_KEY")
	if c.problem != nil {
		return c
	}
	example := "for a look without an account: slo demo"
	switch {
	case c.APIKey.IsZero() && c.AppKey.IsZero():
		c.problem = &CredentialsError{
			Message: "no Datadog credentials in the environment",
			Hints:   []string{"set DD_API_KEY and DD_APP_KEY, or DD_ACCESS_TOKEN", example},
		}
	case c.APIKey.IsZero():
		c.problem = &CredentialsError{
			Message: c.AppKey.Origin() + " is set, but the API key is missing",
			Hints:   []string{"set DD_API_KEY as well, or DD_ACCESS_TOKEN instead of both"},
		}
	case c.AppKey.IsZero():
		c.problem = &CredentialsError{
			Message: c.APIKey.Origin() + " is set, but the application key is missing",
			Hints:   []string{"set DD_APP_KEY as well, or DD_ACCESS_TOKEN instead of both"},
		}
	}
	return c
}

// implausible says why a value cannot be a key; empty when it can.
func implausible(value string) string {
	for _, r := range value {
		switch {
		case r == ' ' || r == '\t' || r == '\n' || r == '\r':
			return "contains white space inside, want a key in one piece"
		case r < '!':
			return "contains a control character, want the key alone"
		case r > '~':
			return "contains a character that no key has, want letters and digits"
		}
	}
	if strings.ContainsAny(value, "\"'`") {
		return "contains quotation marks, want the key without them"
	}
	if strings.HasPrefix(value, "<") || strings.HasPrefix(value, "$") {
		return "is a placeholder, want the key itself"
	}
	return ""
}
