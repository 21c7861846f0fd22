package cli_test

import (
	"testing"

	"github.com/slo-cli/slo/internal/badnet"
)

// A null in a series is a point that is not there. It is not a zero: with nulls
// in the place of some points the board is that of an answer without them.
func TestNullIsNoPoint(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	board := func(damage badnet.Fault) outcome {
		network := w.listen(t)
		network.Obey(badnet.Always(badnet.Series, damage))
		got, _ := w.run(t.Context(), network, faultRun{timeout: "1m"})
		if network.Struck() == 0 {
			t.Error("no series was asked for")
		}
		return got
	}
	null, absent := board(badnet.Points(badnet.SomeNull)), board(badnet.Points(badnet.SomeLeftOut))
	if null.code != absent.code || null.stdout != absent.stdout {
		t.Errorf("with nulls: code %d\n%s\nwithout these points: code %d\n%s", null.code, null.stdout, absent.code, absent.stdout)
	}
	read, err := readFaultBoard(null.stdout)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range measuredRows {
		if row := read.rows[name]; row.Error == nil && sameWindows(w.clean.rows[name].Windows, row.Windows, license{}) == nil {
			t.Errorf("%q is as if no point were missing, so this shows nothing", name)
		}
	}
}
