package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/slo-cli/slo/internal/boundedyaml"
)

// maxUserFile is far more than nine settings need.
const maxUserFile = 64 << 10

// userFile is the content of the user's config file.
type userFile struct {
	path                                                     string
	site, apiURL, timeZone, timeout, settle, color, cacheDir Setting
	cacheSettled, cacheMaxSize                               Setting
}

// readUserFile reads the file of --config or SLO_CONFIG, which must exist, or
// the one in the user's config directory, which need not.
func readUserFile(src Sources) (userFile, error) {
	named := first(Setting{src.Flags.ConfigFile, "--config"}, Setting{src.env("SLO_CONFIG"), "SLO_CONFIG"})
	path := named.Value
	if path == "" {
		if path = under(src.UserConfigDir, filepath.Join("slo", "config.yaml")); path == "" {
			return userFile{}, nil
		}
	}
	data, err := boundedyaml.ReadFile(path, maxUserFile)
	if errors.Is(err, fs.ErrNotExist) && named.Value == "" {
		return userFile{}, nil
	}
	if err != nil {
		return userFile{}, fileError(strings.TrimSpace(named.Origin+" "+path), err)
	}
	root, err := parseYAML(path, data)
	if err != nil {
		return userFile{}, err
	}
	f := userFile{path: path}
	if root.kind == nullKind {
		return f, nil
	}
	fields := map[string]*Setting{
		"site": &f.site, "api_url": &f.apiURL, "tz": &f.timeZone, "timeout": &f.timeout,
		"settle": &f.settle, "color": &f.color, "cache_dir": &f.cacheDir,
		"cache_settled": &f.cacheSettled, "cache_max_size": &f.cacheMaxSize,
	}
	entries, err := root.mapping("the config file")
	if err != nil {
		return userFile{}, err
	}
	for _, e := range entries {
		target, known := fields[e.key]
		if !known {
			if isSecretName(e.key) {
				return userFile{}, e.fail([]string{"set DD_API_KEY and DD_APP_KEY, or DD_ACCESS_TOKEN"},
					"%s: keys and tokens do not belong in a file, where they get copied and committed; they are read from the environment only", e.key)
			}
			return userFile{}, e.unknown("site", "api_url", "tz", "timeout", "settle", "color", "cache_dir", "cache_settled", "cache_max_size")
		}
		text, err := e.value.scalarText(e.key)
		if err != nil {
			return userFile{}, err
		}
		*target = Setting{text, e.value.place() + ": " + e.key}
	}
	f.cacheDir.Value = expandPath(f.cacheDir.Value, path, src)
	return f, nil
}

// isSecretName recognises the names under which people would file a key.
func isSecretName(key string) bool {
	key = strings.ToLower(strings.ReplaceAll(key, "-", "_"))
	return strings.HasSuffix(key, "key") || strings.HasSuffix(key, "keys") || strings.HasSuffix(key, "token") ||
		strings.Contains(key, "secret") || strings.Contains(key, "password") || strings.Contains(key, "credential")
}

// expandPath resolves ~ and what is relative to the file that names it.
func expandPath(path, file string, src Sources) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home := first(Setting{src.env("HOME"), ""}, Setting{src.env("USERPROFILE"), ""}).Value; home != "" {
			return filepath.Join(home, rest)
		}
	}
	return filepath.Join(filepath.Dir(file), path)
}
