package slo_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// FuzzFromTransitions: transitions are a well-formed timeline that agrees with
// a look at single seconds, or an error about one of them.
func FuzzFromTransitions(f *testing.F) {
	seed := func(transitions ...slo.Transition) (data []byte) {
		for _, tr := range transitions {
			data = binary.BigEndian.AppendUint64(data, uint64(tr.At))
			data = append(data, byte(tr.State))
		}
		return data
	}
	const start = slotest.Epoch
	f.Add(seed(slo.Transition{At: start - 22_132, State: slo.Down}, slo.Transition{At: start + 668}, slo.Transition{At: start + 1208, State: slo.Down}), 0, start, start+604_800)
	f.Add(seed(slo.Transition{At: start, State: slo.Silent}, slo.Transition{At: start + 10}), 0, start, start+60)
	f.Add(seed(slo.Transition{At: start, State: slo.Silent}, slo.Transition{At: start + 10, State: slo.Silent}), 3, start, start+60)
	f.Add(seed(slo.Transition{At: start}, slo.Transition{At: start}), 1, start, start+60)
	f.Add(seed(slo.Transition{At: start, State: 7}), 4, start+60, start)
	f.Add(seed(slo.Transition{At: -1 << 63}, slo.Transition{At: 1<<63 - 1, State: slo.Down}), 2, int64(-1<<63), int64(1<<63-1))
	f.Fuzz(func(t *testing.T, data []byte, silence int, from, to int64) {
		var transitions []slo.Transition
		for chunk := range slices.Chunk(data, 9) {
			if len(chunk) == 9 {
				transitions = append(transitions, slo.Transition{At: int64(binary.BigEndian.Uint64(chunk)), State: slo.Condition(int8(chunk[8]))})
			}
		}
		known, policy := timeseries.Span{Start: from, End: to}, slo.SilencePolicy(silence)
		line, err := slo.FromTransitions(transitions, policy, known)
		if err != nil {
			var wrong *slo.TransitionError
			if !errors.As(err, &wrong) || wrong.Reason == "" || len(line.Stretches) != 0 ||
				!slices.ContainsFunc(transitions, func(tr slo.Transition) bool { return tr.At == wrong.At }) {
				t.Fatalf("%v beside %+v", err, line)
			}
			return
		}
		if line.Known != known {
			t.Fatalf("known %v, want %v", line.Known, known)
		}
		wellFormed(t, line)
		// States change at transitions and nowhere else: the seconds around them are all there is to see.
		for _, tr := range transitions {
			for _, second := range []int64{tr.At, tr.At - 1} {
				if !known.Contains(second) || second > tr.At {
					continue
				}
				want := naiveMonitor(transitions, policy, timeseries.Span{Start: second, End: second + 1}).seconds[0]
				if got := secondOf(line, second); got != want {
					t.Fatalf("second %d is %+v, want %+v", second, got, want)
				}
			}
		}
	})
}

func secondOf(line slo.Timeline, second int64) naiveSecond {
	for _, s := range line.Stretches {
		if s.Span.Contains(second) {
			return naiveSecond{counted: true, up: s.Up, observed: s.Observed}
		}
	}
	return naiveSecond{}
}

// FuzzEffective: what corrections take out is in order and disjoint, on the
// grid, and agrees with a look at every second around their edges.
func FuzzEffective(f *testing.F) {
	seed := func(spans ...timeseries.Span) (data []byte) {
		for _, s := range spans {
			data = binary.BigEndian.AppendUint64(data, uint64(s.Start))
			data = binary.BigEndian.AppendUint64(data, uint64(s.End))
		}
		return data
	}
	const start = slotest.Epoch
	f.Add(seed(timeseries.Span{Start: start + 120, End: start + 780}), uint8(1), uint16(300))
	f.Add(seed(timeseries.Span{Start: start, End: start + 150}, timeseries.Span{Start: start + 150, End: start + 300}), uint8(2), uint16(300))
	f.Add(seed(timeseries.Span{Start: start + 10, End: start + 5}, timeseries.Span{Start: start, End: start + 20}), uint8(0), uint16(60))
	f.Add(seed(timeseries.Span{Start: -1 << 63, End: 1<<63 - 1}), uint8(0), uint16(300))
	f.Add(seed(timeseries.Span{Start: -1000, End: 1000}), uint8(1), uint16(1))
	f.Fuzz(func(t *testing.T, data []byte, rule uint8, step uint16) {
		steps := int64(step) + 1
		edge := slo.EdgeRules[rule%3]
		var occurrences []slo.Occurrence
		for chunk := range slices.Chunk(data, 16) {
			if len(chunk) == 16 && len(occurrences) < 8 {
				occurrences = append(occurrences, slo.Occurrence{Span: timeseries.Span{
					Start: int64(binary.BigEndian.Uint64(chunk)), End: int64(binary.BigEndian.Uint64(chunk[8:])),
				}})
			}
		}
		spans := slo.Effective(occurrences, steps, edge)
		for i, s := range spans {
			if s.Empty() || i > 0 && spans[i-1].End >= s.Start {
				t.Fatalf("span %d of %v", i, spans)
			}
		}
		// Only where the years are those of a calendar is there a grid around every edge.
		const far = 1 << 40
		for _, o := range occurrences {
			if o.Span.Start < -far || o.Span.Start > far || o.Span.End < -far || o.Span.End > far {
				return
			}
		}
		for _, s := range spans {
			if s.Start%steps != 0 || s.End%steps != 0 {
				t.Fatalf("%v is not on a grid of %d", s, steps)
			}
		}
		if steps > 600 {
			return
		}
		for _, o := range occurrences {
			for _, at := range []int64{o.Span.Start, o.Span.End} {
				bucket := timeseries.Floor(at, steps)
				for _, b := range []int64{bucket - steps, bucket, bucket + steps} {
					in := slices.ContainsFunc(spans, func(s timeseries.Span) bool { return s.Contains(b) })
					if in != naiveCorrected(occurrences, b, b+steps, edge) {
						t.Fatalf("the bucket %d of %d s: corrected %v, by %v", b, steps, in, occurrences)
					}
				}
			}
		}
	})
}
