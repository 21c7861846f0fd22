package buildinfo_test

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/buildinfo"
)

func TestFrom(t *testing.T) {
	t.Parallel()
	vcs := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"},
		{Key: "vcs.time", Value: "2026-11-01T12:00:00Z"},
		{Key: "vcs.modified", Value: "true"},
	}
	f := func(module, release string, settings []debug.BuildSetting, want string) {
		t.Helper()
		build := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: module}, Settings: settings}
		if got := buildinfo.From(build, release).Version; got != want {
			t.Errorf("module %q, release %q, %v: version %q, want %q", module, release, settings, got, want)
		}
	}
	f("v1.2.3", "", nil, "v1.2.3")
	f("v1.2.3", "v9.9.9", vcs, "v9.9.9")
	f("(devel)", "", nil, "devel")
	f("", "", nil, "devel")
	f("(devel)", "", vcs[:2], "devel-0123456789ab")
	f("(devel)", "", vcs, "devel-0123456789ab-dirty")

	got := buildinfo.From(&debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}, Settings: vcs}, "")
	want := buildinfo.Info{
		Version: "v1.2.3", Revision: "0123456789abcdef0123456789abcdef01234567",
		Time: "2026-11-01T12:00:00Z", Modified: true, GoVersion: "go1.26.0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestVersionOfThisBuild(t *testing.T) {
	t.Parallel()
	if buildinfo.Version() == "" || !strings.HasPrefix(buildinfo.Read().GoVersion, "go") {
		t.Errorf("got %+v", buildinfo.Read())
	}
}
