// Package archtest keeps the rooms of the house apart: it compares what every
// package imports with the table below. A new package needs a row, and a new
// import needs a place in one.
package archtest_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/slo-cli/slo"

// room is one row of the table.
type room struct {
	// house are the packages of this module that product code may import. An
	// entry ending in /... allows what lies below it as well.
	house []string
	// outside are the modules that product code may import, by path prefix.
	outside []string
	// without are packages of the standard library that stay out.
	without []string
	// tests are further packages that only test files may import.
	tests []string
	// testOnly marks a package for tests: product code may not import it.
	testOnly bool
}

// impure is what values and arithmetic have no use for.
func impure() []string {
	return []string{"context", "log", "log/slog", "net", "net/http", "os", "testing"}
}

// rooms is the table of arrows. It says what ARCHITECTURE.md (The arrows) says.
func rooms() map[string]room {
	const (
		datadogCore = "github.com/DataDog/datadog-api-client-go/v2/api/datadog"
		datadogV1   = "github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
	)
	return map[string]room{
		"pkg/timeseries": {without: impure()},
		"pkg/slo":        {house: []string{"pkg/timeseries"}, without: impure()},
		"pkg/policy":     {house: []string{"pkg/slo", "pkg/timeseries"}, without: impure()},
		"pkg/anomaly":    {house: []string{"pkg/timeseries"}, without: impure()},

		"internal/metricquery": {without: impure()},
		"internal/document":    {without: impure()},
		"internal/buildinfo":   {},
		"internal/spelling":    {without: impure()},
		"internal/iostreams":   {outside: []string{"golang.org/x/term"}},
		"internal/boundedyaml": {outside: []string{"github.com/goccy/go-yaml"}},
		"internal/config":      {house: []string{"internal/boundedyaml", "internal/spelling", "pkg/..."}, outside: []string{"github.com/goccy/go-yaml"}},

		"internal/datadog/transport": {},
		"internal/datadog": {
			house:   []string{"internal/datadog/transport", "internal/metricquery", "pkg/..."},
			outside: []string{datadogCore},
			tests:   []string{datadogV1}, // the decoder is measured against it
		},
		"internal/cache":         {house: []string{"pkg/..."}, outside: []string{"github.com/klauspost/compress"}},
		"internal/recurrence":    {house: []string{"pkg/..."}, outside: []string{"github.com/teambition/rrule-go"}, without: impure()},
		"internal/tagquery":      {without: impure()},
		"internal/evaluation":    {house: []string{"internal/metricquery", "internal/recurrence", "internal/spelling", "internal/tagquery", "pkg/..."}, outside: []string{"golang.org/x/sync"}},
		"internal/apm":           {house: []string{"internal/metricquery", "internal/spelling", "pkg/..."}, outside: []string{"golang.org/x/sync"}},
		"internal/endpoint":      {house: []string{"internal/apm", "internal/metricquery", "pkg/..."}, outside: []string{"golang.org/x/sync"}},
		"internal/investigation": {house: []string{"internal/apm", "internal/evaluation", "internal/metricquery", "pkg/..."}},
		"internal/csvseries":     {house: []string{"pkg/..."}},
		"internal/report":        {house: []string{"internal/apm", "internal/endpoint", "internal/evaluation", "internal/investigation", "internal/document", "pkg/..."}},
		"internal/render": {
			house:   []string{"internal/document"},
			outside: []string{"github.com/olekukonko/tablewriter", "github.com/clipperhouse/displaywidth"},
		},

		// The simulator is the examiner: it may not copy from the candidate.
		"internal/simulator/scenario": {house: []string{"internal/boundedyaml", "internal/spelling"}, outside: []string{"github.com/goccy/go-yaml"}},
		"internal/simulator": {
			house:   []string{"internal/simulator/scenario", "internal/metricquery"},
			outside: []string{"github.com/teambition/rrule-go"},
			// Its answers must decode through the official client.
			tests: []string{datadogCore, datadogV1},
		},

		// The judge measures pkg/anomaly on worlds of the simulator.
		"internal/judge":     {house: []string{"internal/simulator/scenario", "pkg/..."}},
		"internal/judge/cmd": {house: []string{"internal/judge"}},

		"internal/slotest": {house: []string{"pkg/..."}, outside: []string{"pgregory.net/rapid"}, testOnly: true},
		"internal/badnet":  {testOnly: true},
		// This package has no product code.
		"internal/archtest": {testOnly: true},

		"cmd/slo": {house: []string{"cmd/slo/cli", "internal/iostreams"}},
		"cmd/slo/cli": {
			house:   []string{"internal/...", "pkg/..."},
			outside: []string{"github.com/spf13/cobra", "github.com/spf13/pflag"},
		},
		// An empty cobra program: the yardstick of the start-up benchmark.
		"cmd/slo/testdata/emptycobra": {outside: []string{"github.com/spf13/cobra"}},
	}
}

// testModules are what every test may import besides its package's own row.
func testModules() []string {
	return []string{"github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "pgregory.net/rapid", "golang.org/x/sync", "github.com/goccy/go-yaml", "github.com/santhosh-tekuri/jsonschema/v6"}
}

// pkgInfo is the part of go list's answer that matters here.
type pkgInfo struct {
	ImportPath, Dir                    string
	Standard                           bool
	Imports, TestImports, XTestImports []string
	Deps                               []string
	Module                             *struct{ Path string }
	Error                              *struct{ Err string }
}

func list(t *testing.T, args ...string) []pkgInfo {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-e", "-json=ImportPath,Dir,Standard,Imports,TestImports,XTestImports,Deps,Module,Error"}, args...)...)
	cmd.Dir = filepath.Join("..", "..")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", strings.Join(args, " "), err, complaints.String())
	}
	var all []pkgInfo
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkgInfo
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// house lists all packages of the module; ./... alone passes over testdata.
func house(t *testing.T) []pkgInfo {
	t.Helper()
	patterns := []string{"./..."}
	for _, name := range sorted(rooms()) {
		if strings.Contains(name, "/testdata/") {
			patterns = append(patterns, "./"+name)
		}
	}
	return list(t, patterns...)
}

func TestEveryPackageHasARow(t *testing.T) {
	t.Parallel()
	table := rooms()
	for _, p := range house(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if _, known := table[name]; !known {
			t.Errorf("%s has no row in the table of arrows: say what it may import", name)
		}
		delete(table, name)
	}
	for _, name := range sorted(table) {
		t.Errorf("%s has a row in the table of arrows, but there is no such package", name)
	}
}

func TestArrows(t *testing.T) {
	t.Parallel()
	table := rooms()
	for _, p := range house(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		row, known := table[name]
		if !known {
			continue // TestEveryPackageHasARow says so
		}
		for _, imported := range p.Imports {
			if why := row.refuses(table, imported); why != "" {
				t.Errorf("%s imports %s: %s", name, imported, why)
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			// Tests may see the whole house; they may not bring in more modules.
			if row.refuses(table, imported) == "" || isStandard(imported) || strings.HasPrefix(imported, module+"/") ||
				allows(testModules(), imported) || allows(row.tests, imported) {
				continue
			}
			t.Errorf("a test of %s imports %s, which is neither in its row nor a test module", name, imported)
		}
	}
}

// refuses says why product code in this room may not import a package; empty when it may.
func (r room) refuses(table map[string]room, imported string) string {
	name, ours := strings.CutPrefix(imported, module+"/")
	switch {
	case ours && table[name].testOnly:
		return "it is for tests only"
	case ours && !allows(r.house, name):
		return "its row does not allow this room of the house"
	case ours:
		return ""
	case isStandard(imported):
		if slices.Contains(r.without, imported) || imported == "testing" && !r.testOnly {
			return "its row keeps this part of the standard library out"
		}
		return ""
	case !allows(r.outside, imported):
		return "its row does not allow this module"
	}
	return ""
}

// allows reports whether the list has the path itself, or something above it.
// In the house that must be said with /... ; a module is always meant whole.
func allows(paths []string, imported string) bool {
	for _, p := range paths {
		below, whole := strings.CutSuffix(p, "...")
		if imported == p || whole && strings.HasPrefix(imported, below) || !whole && strings.Contains(p, ".") && strings.HasPrefix(imported, p+"/") {
			return true
		}
	}
	return false
}

// isStandard relies on the dot that every module's first element has.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// Every one of these was measured or met before: see CONTRIBUTING.md.
func TestHeavyPackagesStayOut(t *testing.T) {
	t.Parallel()
	unwanted := map[string]string{
		"github.com/DataDog/datadog-api-client-go/v2/api/datadogV2": "compiling it takes 7 GiB of memory",
		"github.com/bytedance/sonic":                                "it adds milliseconds to every start",
		"github.com/prometheus":                                     "it adds milliseconds to every start",
		"github.com/spf13/viper":                                    "settings are merged in internal/config",
		"github.com/stretchr/testify":                               "tests use the standard library and go-cmp",
	}
	for _, p := range list(t, "-deps", "-test", "./...") {
		for _, prefix := range sorted(unwanted) {
			if p.ImportPath == prefix || strings.HasPrefix(p.ImportPath, prefix+"/") {
				t.Errorf("%s is linked: %s", p.ImportPath, unwanted[prefix])
			}
		}
	}
}

func TestProductDoesNotLinkTesting(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "-deps", "./cmd/slo") {
		for _, imported := range p.Imports {
			if imported == "testing" {
				t.Errorf("%s imports testing and is linked into slo", p.ImportPath)
			}
		}
		if name := strings.TrimPrefix(p.ImportPath, module+"/"); rooms()[name].testOnly {
			t.Errorf("%s is for tests only and is linked into slo", name)
		}
	}
}

func TestNoPackageIsBroken(t *testing.T) {
	t.Parallel()
	for _, p := range house(t) {
		if p.Error != nil {
			t.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
	}
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
