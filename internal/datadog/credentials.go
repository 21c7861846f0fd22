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
	for _, secret := range []string{creds.apiKey, creds.appKey, creds.token} {
		// Package config says which one and why; here it only must not become a header.
		if strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return credentials{}, defect(slo.Auth, "the credentials contain a character that no key contains")
		}
	}
	return creds, nil
}

// missing is the error for credentials that do not suffice; nil when they do.
// Package config explains the same to people before a client is made.
func (c credentials) missing(keyOnly bool) error {
	if c.token != "" || c.apiKey != "" && (c.appKey != "" || keyOnly) {
		return nil
	}
	return defect(slo.Auth, "want DD_API_KEY and DD_APP_KEY, or DD_ACCESS_TOKEN")
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
