package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/slo-cli/slo/internal/config"
)

const key = "0123456789abcdef"

func TestSecretNeverPrints(t *testing.T) {
	t.Parallel()
	s := config.NewSecret(key, "DD_API_KEY")
	if s.Reveal() != key || s.Origin() != "DD_API_KEY" || s.IsZero() || !(config.Secret{}).IsZero() {
		t.Fatalf("Reveal, Origin or IsZero is wrong")
	}
	settings := mustLoad(t, sources(t, "DD_API_KEY="+key, "DD_APP_KEY="+key))
	// fmt cannot call methods on what lies in unexported fields.
	hidden := struct {
		secret  config.Secret
		pointer *config.Secret
		all     config.Settings
	}{s, &s, settings}
	for name, value := range map[string]any{
		"value": s, "pointer": &s, "slice": []config.Secret{s}, "map": map[string]any{"k": s},
		"settings": settings, "hidden": hidden, "hidden pointer": &hidden, "zero": config.Secret{},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t"} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, key) || strings.Contains(text, fmt.Sprintf("%x", key)) {
				t.Errorf("%s of %s shows the key: %s", verb, name, text)
			}
		}
		asJSON, err := json.Marshal(value)
		if err != nil || strings.Contains(string(asJSON), key) {
			t.Errorf("JSON of %s: %s, %v", name, asJSON, err)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(verb, s); text != "[redacted]" {
			t.Errorf("%s prints %q", verb, text)
		}
	}
	asYAML, err := yaml.Marshal(map[string]any{"k": s})
	if err != nil || strings.Contains(string(asYAML), key) {
		t.Errorf("YAML: %s, %v", asYAML, err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "a", s, "b", settings.Credentials)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", s, "b", settings.Credentials)
	if strings.Contains(log.String(), key) {
		t.Errorf("log: %s", log.String())
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	f := func(env, apiKey, appKey, token string) {
		t.Helper()
		c := mustLoad(t, sources(t, strings.Split(env, "|")...)).Credentials
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", env, err)
		}
		got := [3]string{c.APIKey.Reveal(), c.AppKey.Reveal(), c.AccessToken.Reveal()}
		if want := [3]string{apiKey, appKey, token}; got != want {
			t.Errorf("%s: got %q, want %q", env, got, want)
		}
	}
	f("DD_API_KEY=a1|DD_APP_KEY=b1", "a1", "b1", "")
	f("DD_API_KEY= a1\n|DD_APP_KEY=\tb1\r\n", "a1", "b1", "")
	f("DATADOG_API_KEY=a2|DATADOG_APP_KEY=b2", "a2", "b2", "")
	f("DD_API_KEY=a1|DATADOG_API_KEY=a2|DATADOG_APP_KEY=b2", "a1", "b2", "")
	f("DD_API_KEY=a1|DD_APP_KEY=b1|DD_ACCESS_TOKEN=ddpat_1", "", "", "ddpat_1")
}

func TestCredentialsProblems(t *testing.T) {
	t.Parallel()
	f := func(env string, says ...string) {
		t.Helper()
		err := mustLoad(t, sources(t, strings.Split(env, "|")...)).Credentials.Check()
		var problem *config.CredentialsError
		if !errors.As(err, &problem) {
			t.Errorf("%s: got %v, want a *CredentialsError", env, err)
			return
		}
		text := problem.Message + "\n" + strings.Join(problem.Hints, "\n")
		for _, s := range says {
			if !strings.Contains(text, s) {
				t.Errorf("%s: got %q, want it to say %q", env, text, s)
			}
		}
		for _, e := range strings.Split(env, "|") {
			if _, value, _ := strings.Cut(e, "="); len(value) > 2 && strings.Contains(text, value) {
				t.Errorf("%s: the message shows the value: %s", env, text)
			}
		}
	}
	f("", "no Datadog credentials in the environment", "DD_API_KEY and DD_APP_KEY, or DD_ACCESS_TOKEN", "slo demo")
	f("DD_API_KEY=a1", "DD_API_KEY is set, but the application key is missing", "DD_APP_KEY")
	f("DATADOG_APP_KEY=b1", "DATADOG_APP_KEY is set, but the API key is missing", "DD_API_KEY")
	f("DD_API_KEY=abc def|DD_APP_KEY=b1", "DD_API_KEY: contains white space")
	f("DD_API_KEY=abc\ndef|DD_APP_KEY=b1", "DD_API_KEY: contains white space")
	f("DD_API_KEY=abc\x01def|DD_APP_KEY=b1", "DD_API_KEY: contains a control character")
	f("DD_API_KEY=a1|DD_APP_KEY=\u201cabc\u201d", "DD_APP_KEY: contains a character that no key has")
	f(`DD_API_KEY="abcdef"|DD_APP_KEY=b1`, "DD_API_KEY: contains quotation marks")
	f("DD_API_KEY=<api-key>|DD_APP_KEY=b1", "DD_API_KEY: is a placeholder")
	f("DD_API_KEY=a1|DATADOG_APP_KEY=${APP_KEY}", "DATADOG_APP_KEY: is a placeholder")
	// A mistyped key is not passed over for one that stands behind it.
	f("DD_API_KEY=<key>|DATADOG_API_KEY=a2|DD_APP_KEY=b1", "DD_API_KEY: is a placeholder")
}
