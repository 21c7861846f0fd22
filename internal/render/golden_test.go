package render_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/render"
)

// golden compares with a file, or writes it when SLO_UPDATE is 1.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if os.Getenv("SLO_UPDATE") == "1" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestGolden is not parallel: with SLO_UPDATE it writes what the next test reads.
func TestGolden(t *testing.T) {
	for _, width := range []int{0, 120, 80, 60, 40, 20} {
		golden(t, fmt.Sprintf("table-%d", width), write(t, render.FormatTable, render.Options{Width: width}))
	}
	golden(t, "table-ascii", write(t, render.FormatTable, render.Options{Width: 120, ASCII: true}))
	golden(t, "table-color", write(t, render.FormatTable, render.Options{Width: 120, Color: true, Hyperlinks: true}))
	for _, format := range render.Formats()[1:] {
		golden(t, format, write(t, format, render.Options{Width: 80, Color: true, Hyperlinks: true}))
	}
}

func write(t *testing.T, format string, o render.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := render.Write(&b, format, board(), o); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.Bytes()
}

// tablewriter decides when the process starts how wide characters are, by the
// locale. The output must not depend on it.
func TestGoldenInEastAsianLocale(t *testing.T) {
	t.Parallel()
	for _, env := range [][]string{
		{"LANG=ja_JP.UTF-8"}, {"LC_ALL=zh_CN.UTF-8", "LANG=ja_JP.UTF-8"}, {"RUNEWIDTH_EASTASIAN=1"},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^(TestGolden|TestBothWritersAgree)$", "-test.v")
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TERM=vt100"}, env...)
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS: TestGolden")) {
			t.Errorf("with %v: %v\n%s", env, err, out)
		}
	}
}
