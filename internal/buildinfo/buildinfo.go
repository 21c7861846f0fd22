// Package buildinfo knows which build of slo is running.
package buildinfo

import "runtime/debug"

// release is set by the linker where the toolchain cannot know the version:
// -ldflags "-X github.com/slo-cli/slo/internal/buildinfo.release=v1.2.3".
var release string

// Info describes a build. What is not known is empty.
type Info struct {
	// Version is the release, else the module version that the toolchain
	// recorded, else "devel" with the revision.
	Version string
	// Revision is the commit, Time when it was made (RFC 3339), Modified
	// whether the tree had changes on top of it.
	Revision string
	Time     string
	Modified bool
	// GoVersion is the toolchain's.
	GoVersion string
}

// Version is the version of the running build.
func Version() string { return Read().Version }

// Read describes the running build.
func Read() Info {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	return From(build, release)
}

// From describes a build from what the toolchain recorded, and the release
// that the linker was told, empty when none.
func From(build *debug.BuildInfo, release string) Info {
	info := Info{Version: release, GoVersion: build.GoVersion}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Revision = s.Value
		case "vcs.time":
			info.Time = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	if info.Version != "" {
		return info
	}
	if v := build.Main.Version; v != "" && v != "(devel)" {
		info.Version = v
		return info
	}
	info.Version = "devel"
	if info.Revision != "" {
		info.Version += "-" + info.Revision[:min(12, len(info.Revision))]
	}
	if info.Modified {
		info.Version += "-dirty"
	}
	return info
}
