package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

type comparedDocument struct {
	SLOs []struct {
		Name    string
		Windows []struct {
			Timeframe  string
			Attainment *float64
			Datadog    *struct {
				Attainment *float64
				Agrees     *bool
				Reason     *string
			}
		}
	}
}

// Datadog's figures come from the simulator's own reckoning, which shares
// nothing with ours: where a world does not say that they deviate, both must agree.
func TestDatadogAgreesUnlessTheWorldDeviates(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"default", "steady", "big", "types", "corrections", "reasons"} {
		t.Run(name, func(t *testing.T) { // one after the other: the search takes its time where the machine is busy
			world, err := scenario.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			documented := map[string]bool{}
			for _, s := range world.SLOs {
				documented[s.Name] = s.Own.Documented()
			}
			got := runSLO(t.Context(), serve(t, world).URL, nil, "status", "-o", "json", "--timeframe", "all", "--at", world.Now.UTC().Format("2006-01-02T15:04:05Z"))
			var board comparedDocument
			if err := json.Unmarshal([]byte(got.stdout), &board); err != nil {
				t.Fatalf("%v; %s", err, got.stderr)
			}
			compared := 0
			for _, s := range board.SLOs {
				for _, w := range s.Windows {
					switch d := w.Datadog; {
					case d == nil || d.Agrees == nil:
						t.Errorf("%s %s: nothing was compared: %+v", s.Name, w.Timeframe, d)
					case documented[s.Name] && (!*d.Agrees || d.Reason != nil):
						t.Errorf("%s %s: agrees %v for the reason %v, ours %v, Datadog's %v", s.Name, w.Timeframe, *d.Agrees, d.Reason, w.Attainment, d.Attainment)
					case !documented[s.Name] && d.Reason == nil:
						t.Errorf("%s %s: deviates, and no reason is named", s.Name, w.Timeframe)
					case !documented[s.Name] && name == "reasons":
						// Names begin with the reason. A figure with fewer decimals agrees all the same.
						want, _, _ := strings.Cut(s.Name, ":")
						if *d.Reason != want || *d.Agrees != (want == "precision") {
							t.Errorf("%s %s: agrees %v for the reason %s", s.Name, w.Timeframe, *d.Agrees, *d.Reason)
						}
					}
					compared++
				}
			}
			if compared < 6 {
				t.Errorf("%d windows were compared, which shows nothing", compared)
			}
		})
	}
}
