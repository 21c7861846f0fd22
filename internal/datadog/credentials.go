package datadog

import (
	"context"
	"fmt"
	"io"
	"strings"

	api "github.com/DataDog/datadog-api-client-go/v2/api/datadog"

	"github.com/slo-cli/slo/pkg/slo"
)

// credentials are one access token, or an API key with an application key.
type credentials struct {
	apiKey, appKey, token string
}

// Format keeps the keys out of every message, whatever the verb.
func (credentials) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[redacted]") }

func newCredentials(c Config) (credentials, error) {
	// Files and secret stores like to end with a line break.
	creds := credentials{
		apiKey: strings.TrimSpace(c.APIKey),
		appKey: strings.TrimSpace(c.AppKey),
		token:  strings.TrimSpace(c.AccessToken),
	}
	for _, v := range []struct{ name, secret string }{
		{"DD_API_KEY", creds.apiKey}, {"DD_APP_KEY", creds.appKey}, {"DD_ACCESS_TOKEN", creds.token},
	} {
		for _, r := range v.secret {
			if r <= ' ' || r > '~' {
				return credentials{}, defect(slo.Auth, v.name+" contains a character that no key contains (a space, a line break or a quotation mark from a document)",
					"copy the key again")
			}
		}
	}
	return creds, nil
}

// hintCredentials says where credentials come from.
const hintCredentials = "set DD_API_KEY and DD_APP_KEY, or DD_ACCESS_TOKEN; `slo doctor` checks them, `slo demo` works without"

// missing is the error for credentials that do not suffice; nil when they do.
func (c credentials) missing(keyOnly bool) error {
	switch {
	case c.token != "":
		return nil
	case c.apiKey == "" && c.appKey == "":
		return defect(slo.Auth, "no Datadog credentials: DD_API_KEY and DD_APP_KEY are not set, nor is DD_ACCESS_TOKEN", hintCredentials)
	case c.apiKey == "":
		return defect(slo.Auth, "DD_API_KEY is not set (DD_APP_KEY is)", hintCredentials)
	case c.appKey == "" && !keyOnly:
		return defect(slo.Auth, "DD_APP_KEY is not set (DD_API_KEY is)", hintCredentials)
	default:
		return nil
	}
}

// authenticate puts the credentials where the official client looks for them.
func (c credentials) authenticate(ctx context.Context) context.Context {
	if c.token != "" {
		return context.WithValue(ctx, api.ContextAccessToken, c.token)
	}
	keys := map[string]api.APIKey{"apiKeyAuth": {Key: c.apiKey}}
	if c.appKey != "" {
		keys["appKeyAuth"] = api.APIKey{Key: c.appKey}
	}
	return context.WithValue(ctx, api.ContextAPIKeys, keys)
}

// redact removes the secrets from text that came from outside.
func (c credentials) redact(s string) string {
	for _, secret := range []string{c.apiKey, c.appKey, c.token} {
		if len(secret) >= 4 {
			s = strings.ReplaceAll(s, secret, "[redacted]")
		}
	}
	return s
}
