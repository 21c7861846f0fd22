package spelling_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/spelling"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"checkout availability", "checkout latency", "search", "決済APIの可用性", "tz", "api_url"}
	f := func(typed string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, spelling.Nearest(typed, known)); diff != "" {
			t.Errorf("Nearest(%q) (-want +got):\n%s", typed, diff)
		}
	}
	f("chekout avialability", "checkout availability")
	f("CHECKOUT", "checkout availability", "checkout latency")
	f("serach", "search")
	f("決済APIの可用", "決済APIの可用性")
	f("api-url", "api_url")
	f("zt")
	f("x")
	f("")
	f("something else entirely")
	f(strings.Repeat("x", 10_000))
}
