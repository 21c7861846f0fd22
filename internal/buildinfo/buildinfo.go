// Package buildinfo knows which build of slo is running.
package buildinfo

import (
	"runtime/debug"
	"strings"
)

// release is set by the linker for release builds:
// -ldflags "-X github.com/slo-cli/slo/internal/buildinfo.release=v1.2.3".
var release string

// Version is the release, else what the Go toolchain recorded: the module
// version, or "devel" with the revision it was built from.
func Version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	parts := []string{"devel"}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			parts = append(parts, s.Value[:min(12, len(s.Value))])
		case s.Key == "vcs.modified" && s.Value == "true":
			parts = append(parts, "dirty")
		}
	}
	return strings.Join(parts, "-")
}
