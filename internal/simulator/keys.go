package simulator

import (
	"net/http"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// forbidden is what Datadog's edge says to bad credentials.
func forbidden() error {
	return &apiError{http.StatusForbidden, map[string]any{
		"status": "error", "code": http.StatusForbidden, "errors": []string{"Forbidden"},
		"statuspage": "http://status.datadoghq.com", "twitter": "http://twitter.com/datadogops", "email": "support@datadoghq.com",
	}}
}

// credentials are what a request carries. A token may stand in the header of
// the application key.
type credentials struct{ api, app, token string }

func credentialsOf(r *http.Request) credentials {
	c := credentials{api: r.Header.Get("DD-API-KEY"), app: r.Header.Get("DD-APPLICATION-KEY")}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		c.token = token
	}
	if c.token == "" && (strings.HasPrefix(c.app, "ddpat_") || strings.HasPrefix(c.app, "ddsat_")) {
		c.token = c.app
	}
	return c
}

// authorise lets a request in or says why not.
func (s *Server) authorise(r *http.Request, rt route) error {
	c := credentialsOf(r)
	if rt.scope == apiKeyOnly {
		known := c.token != "" || c.api != ""
		if len(s.world.Keys) > 0 {
			known = slices.ContainsFunc(s.world.Keys, func(k scenario.Key) bool {
				return (k.Token != "" && k.Token == c.token) || (k.API != "" && k.API == c.api)
			})
		}
		if !known {
			return failure(http.StatusForbidden, "API key required")
		}
		return nil
	}
	if len(s.world.Keys) == 0 {
		if c.token == "" && (c.api == "" || c.app == "") {
			return forbidden()
		}
		return nil
	}
	i := slices.IndexFunc(s.world.Keys, func(k scenario.Key) bool {
		if c.token != "" {
			return k.Token == c.token
		}
		return k.API != "" && k.API == c.api && k.App == c.app
	})
	if i < 0 {
		return forbidden()
	}
	if scopes := s.world.Keys[i].Scopes; rt.scope != anyScope && scopes != nil && !slices.Contains(scopes, rt.scope) {
		return failure(http.StatusForbidden, "Forbidden")
	}
	return nil
}

// validate is GET /api/v1/validate. Whoever gets here has a good API key.
func (s *Server) validate(call) (any, error) {
	return map[string]any{"valid": true}, nil
}

// validateKeys is GET /api/v2/validate_keys. Whoever gets here has good keys.
func (s *Server) validateKeys(call) (any, error) {
	return map[string]any{"status": "ok"}, nil
}
