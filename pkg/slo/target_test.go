package slo_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func TestParseTarget(t *testing.T) {
	t.Parallel()
	f := func(in, want string, decimals int) {
		t.Helper()
		got, err := slo.ParseTarget(in)
		if err != nil || got.String() != want || got.Decimals() != decimals {
			t.Errorf("ParseTarget(%q) = %s with %d decimals, %v; want %s with %d", in, got, got.Decimals(), err, want, decimals)
		}
	}
	f("99.9", "99.9", 1)
	f("99.9%", "99.9", 1)
	f(" 99.95 % ", "99.95", 2)
	f("95.", "95", 0)
	f("95", "95", 0)
	f("95.000", "95", 0)
	f("100", "100", 0)
	f("100.000000000", "100", 0)
	f("099.5", "99.5", 1)
	f("0.000000001", "0.000000001", 9)
	f("99.999999999", "99.999999999", 9)

	for _, in := range []string{
		"", "%", ".", "-1", "+99", "0", "0.0", "100.1", "100.000000001", "101", "1e2", "99,9", "99.9.9", "99.9%%",
		"0x10", "NaN", "Inf", "1_0", "99.9999999991", "1000", ".5", "９９", "99 9", "99.9 percent",
	} {
		if got, err := slo.ParseTarget(in); err == nil {
			t.Errorf("ParseTarget(%q) = %s, want an error", in, got)
		} else if !strings.Contains(err.Error(), "99.9") {
			t.Errorf("ParseTarget(%q): %v does not say what would be right", in, err)
		}
	}
}

func TestTargetFromFloat(t *testing.T) {
	t.Parallel()
	f := func(in float64, want string) {
		t.Helper()
		if got, err := slo.TargetFromFloat(in); err != nil || got.String() != want {
			t.Errorf("TargetFromFloat(%v) = %s, %v; want %s", in, got, err, want)
		}
	}
	f(99.9, "99.9")
	f(99.999, "99.999")
	f(95, "95")
	f(100, "100")
	f(1e-9, "0.000000001")
	for _, in := range []float64{0, -1, 100.1, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, 1e-300, 99.99999999999} {
		if got, err := slo.TargetFromFloat(in); err == nil {
			t.Errorf("TargetFromFloat(%v) = %s, want an error", in, got)
		}
	}
}

func TestLawTargets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		target := slotest.Target().Draw(t, "target")
		if again, err := slo.ParseTarget(target.String()); err != nil || again != target {
			t.Fatalf("%s reads back as %s, %v", target, again, err)
		}
		if again, err := slo.TargetFromFloat(target.Percent()); err != nil || again != target {
			t.Fatalf("%s as a float reads back as %s, %v", target, again, err)
		}
		if target+target.Allowed() != slo.Hundred {
			t.Fatalf("%s and its allowance %s are not 100", target, target.Allowed())
		}
		exact, _ := new(big.Rat).SetString(target.String())
		if want, _ := exact.Float64(); want != target.Percent() {
			t.Fatalf("%s as a float is %v", target, target.Percent())
		}
		_, frac, _ := strings.Cut(target.String(), ".")
		if len(frac) != target.Decimals() || strings.HasSuffix(frac, "0") {
			t.Fatalf("%s has %d decimals", target, target.Decimals())
		}
	})
}

func TestParseTimeframe(t *testing.T) {
	t.Parallel()
	f := func(in string, seconds int64, want string) {
		t.Helper()
		got, err := slo.ParseTimeframe(in)
		if err != nil || int64(got) != seconds || got.String() != want {
			t.Errorf("ParseTimeframe(%q) = %d (%s), %v; want %d (%s)", in, got, got, err, seconds, want)
		}
	}
	f("7d", 604_800, "7d")
	f("30d", 2_592_000, "30d")
	f("90d", 7_776_000, "90d")
	f("455d", 455*86_400, "455d")
	f("36h", 129_600, "36h")
	f("24h", 86_400, "1d")
	f("1h", 3600, "1h")
	for _, in := range []string{"", "d", "7", "0d", "-7d", "+7d", "07d", "7D", "7w", "1.5d", "456d", "10921h", "99999999999999999999d", "7 d", "7d "} {
		if got, err := slo.ParseTimeframe(in); err == nil {
			t.Errorf("ParseTimeframe(%q) = %s, want an error", in, got)
		} else if !strings.Contains(err.Error(), "30d") {
			t.Errorf("ParseTimeframe(%q): %v does not say what would be right", in, err)
		}
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	got := slo.SevenDays.Window(slotest.Epoch)
	if want := (timeseries.Span{Start: slotest.Epoch - 604_800, End: slotest.Epoch}); got != want {
		t.Errorf("window %v, want %v", got, want)
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"99.9", "99.95%", "95.", "100", "0", "0.000000001", "100.000000001", "1e2", " 9 %"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := slo.ParseTarget(s)
		if (err == nil) != (target != 0) {
			t.Fatalf("ParseTarget(%q) = %d, %v: a value or an error, never both", s, target, err)
		}
		if err != nil {
			return
		}
		if target < 0 || target > slo.Hundred {
			t.Fatalf("ParseTarget(%q) = %d, out of range", s, target)
		}
		if again, err := slo.ParseTarget(target.String()); err != nil || again != target {
			t.Fatalf("%q is %s, which reads back as %s, %v", s, target, again, err)
		}
	})
}

func FuzzParseTimeframe(f *testing.F) {
	for _, seed := range []string{"7d", "30d", "90d", "36h", "455d", "0d", "07d", "1.5d", "d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tf, err := slo.ParseTimeframe(s)
		if (err == nil) != (tf != 0) {
			t.Fatalf("ParseTimeframe(%q) = %d, %v: a value or an error, never both", s, tf, err)
		}
		if err != nil {
			return
		}
		if tf < 3600 || tf > 455*slo.Day || tf%3600 != 0 {
			t.Fatalf("ParseTimeframe(%q) = %d seconds", s, tf)
		}
		if again, err := slo.ParseTimeframe(tf.String()); err != nil || again != tf {
			t.Fatalf("%q is %s, which reads back as %s, %v", s, tf, again, err)
		}
	})
}
