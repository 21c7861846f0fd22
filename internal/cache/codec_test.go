package cache

import (
	"bytes"
	"math"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/pkg/timeseries"
)

func bitsOf(values []float64) []uint64 {
	var bits []uint64
	for _, v := range values {
		if timeseries.IsMissing(v) {
			v = timeseries.Missing // one missing point is like another
		}
		bits = append(bits, math.Float64bits(v))
	}
	return bits
}

func TestValues(t *testing.T) {
	t.Parallel()
	none := timeseries.Missing
	other := math.Float64frombits(0x7ff8_0000_0000_beef)
	negative := math.Copysign(0, -1)
	for _, test := range []struct {
		name   string
		values []float64
		form   byte
		size   int
	}{
		{"nothing", []float64{}, wholeForm, 1},
		{"all missing", []float64{none, other, none}, wholeForm, 2},
		{"a zero is a point", []float64{0}, wholeForm, 3},
		{"counts", []float64{5, 6, none, 4, 4, 4, 4, 4, 100}, wholeForm, 1 + 2 + 7 + 2},
		{"both ends of the whole numbers", []float64{1 << 53, -1 << 53, 1 << 53}, wholeForm, 1 + 1 + 8 + 8 + 8},
		{"beyond them", []float64{1<<53 + 2}, doubleForm, 10},
		{"a fraction", []float64{1, 0.5, none}, doubleForm, 18},
		{"infinities", []float64{math.Inf(1), none, math.Inf(-1)}, doubleForm, 18},
		{"the negative zero", []float64{negative, 0}, doubleForm, 18},
		{"the smallest and the largest", []float64{math.SmallestNonzeroFloat64, -math.MaxFloat64}, doubleForm, 18},
	} {
		b := appendValues(nil, test.values)
		if b[0] != test.form || len(b) != test.size {
			t.Errorf("%s: form %d and %d bytes, want %d and %d", test.name, b[0], len(b), test.form, test.size)
		}
		r := reader{rest: b}
		got := r.values(len(test.values))
		if r.bad || len(r.rest) > 0 {
			t.Errorf("%s: bad %v, %d bytes left", test.name, r.bad, len(r.rest))
		}
		if diff := cmp.Diff(bitsOf(test.values), bitsOf(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		for n := range b {
			short := reader{rest: b[:n]}
			if values := short.values(len(test.values)); !short.bad {
				t.Errorf("%s: %d of %d bytes are read as %v", test.name, n, len(b), values)
			}
		}
	}
}

func TestValuesThatNobodyWrote(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{
		"no form":               {0, 0},
		"another form":          {3, 0},
		"a bit behind the end":  {wholeForm, 0b10, 0},
		"beyond 2^53":           append([]byte{wholeForm, 1}, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20),
		"an endless number":     append([]byte{wholeForm, 1}, bytes.Repeat([]byte{0xff}, 20)...),
		"a point is no number":  {doubleForm, 1, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1},
		"a point is not there":  {doubleForm, 1},
		"a bitmap is not there": {doubleForm},
	} {
		r := reader{rest: b}
		if values := r.values(1); !r.bad {
			t.Errorf("%s: read as %v", name, values)
		}
	}
}

func sample() stretch {
	span := timeseries.Span{Start: 20_000 * day, End: 20_002 * day}
	s := stretch{step: 3600, every: 7200, span: span, written: 123_456_789}
	for _, tags := range [][]string{nil, {"env:prod"}, {"b:1", "a:2"}, {"a:2", "b:1"}, {""}, {"", ""}} {
		values := timeseries.Blank(span, 3600)
		for i := range values.Values {
			if i%3 > 0 {
				values.Values[i] = float64(i * len(tags))
			}
		}
		values.Values[5] = 0.25
		s.groups = append(s.groups, timeseries.Group{Tags: tags, Series: values})
	}
	return s
}

func TestPack(t *testing.T) {
	t.Parallel()
	s := sample()
	content, crc, err := s.content("sum:x{*}")
	if err != nil || crc != checksum(content) {
		t.Fatal(crc, err)
	}
	key, got, err := stretchOf(content)
	if err != nil || key != "sum:x{*}" {
		t.Fatalf("%q, %v", key, err)
	}
	if !got.same(s) || got.written != s.written || got.every != s.every {
		t.Errorf("got %+v, want %+v", got, s)
	}
	for i, g := range got.groups {
		if diff := cmp.Diff(s.groups[i].Tags, g.Tags); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
	}
	// Every byte counts.
	for i := range content {
		for bit := range 8 {
			bad := bytes.Clone(content)
			bad[i] ^= 1 << bit
			if _, _, err := stretchOf(bad); err == nil {
				t.Fatalf("bit %d of byte %d does not matter", bit, i)
			}
		}
		if _, _, err := stretchOf(content[:i]); err == nil {
			t.Fatalf("%d of %d bytes are enough", i, len(content))
		}
	}
	if _, _, err := stretchOf(append(bytes.Clone(content), 0)); err == nil {
		t.Error("a byte more does not matter")
	}
}

// A header that promises much makes nobody allocate much. Not parallel: what
// others allocate would count.
func TestHeaderThatLies(t *testing.T) {
	lie := func(p pack) []byte {
		content, _, err := p.encode()
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	groups := func(n int, each []byte) []byte {
		b := []byte{byte(n)}
		for i := range n {
			b = append(append(append(b, 1, 1), byte('a'+i)), each...)
		}
		return b
	}
	wide := timeseries.Span{Start: 0, End: 1 << 40}
	small := lie(pack{kind: seriesPack, step: 300, span: timeseries.Span{Start: 0, End: day}, payload: []byte{0}})
	head := len(magic) + 2 + 1 + 2 + 1 + 3 + 1 + 1 + 1
	if small[head] != 1 {
		t.Fatalf("the size of the payload stands elsewhere in %x", small)
	}
	for name, content := range map[string][]byte{
		"a size of a lot":      Seal(append(append(bytes.Clone(small[:head]), 0x80, 0x80, 0x80, 0x2f), small[head+1:len(small)-4]...)),
		"a span of ages":       lie(pack{kind: seriesPack, step: 1, span: wide, payload: groups(1, []byte{wholeForm, 0})}),
		"many empty groups":    lie(pack{kind: seriesPack, step: 1, span: timeseries.Span{Start: 0, End: most / 8}, payload: groups(100, append([]byte{wholeForm}, make([]byte, most/64)...))}),
		"groups without end":   lie(pack{kind: seriesPack, step: 300, span: timeseries.Span{Start: 0, End: day}, payload: []byte{0xff, 0xff, 0xff, 0xff, 0x7f}}),
		"tags without end":     lie(pack{kind: seriesPack, step: 300, span: timeseries.Span{Start: 0, End: day}, payload: []byte{1, 0xff, 0xff, 0xff, 0xff, 0x7f}}),
		"an impossible span":   lie(pack{kind: seriesPack, step: 300, span: timeseries.Span{Start: 1, End: day}, payload: []byte{0}}),
		"steps going nowhere":  lie(pack{kind: seriesPack, step: 0, span: timeseries.Span{Start: 0, End: day}, payload: []byte{0}}),
		"a span of one second": lie(pack{kind: seriesPack, step: -1, span: timeseries.Span{Start: 0, End: 1}, payload: []byte{0}}),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, _, err := stretchOf(content); err == nil {
			t.Errorf("%s is believed", name)
		}
		runtime.ReadMemStats(&after)
		// The largest pack there may be, and its payload.
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8*most+densest*uint64(len(content)) {
			t.Errorf("%s: %d bytes allocated for %d", name, allocated, len(content))
		}
	}
}

// What can be read is written as what reads the same; anything else is an error.
func FuzzPack(f *testing.F) {
	content, _, err := sample().content("sum:x{*}")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(byte(0), content[:len(content)-4])
	f.Add(byte(1), appendGroups(nil, sample().groups))
	parts := []openPart{{"a", sample()}, {"b", sample()}}
	_, open := encodeOpen("0", 3600, sample().span, parts, 5)
	f.Add(byte(0), open[:len(open)-4])
	whole, err := decodePack(open)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(byte(2), whole.payload)
	f.Add(byte(0), []byte(magic+"\x01s\x01k"))
	f.Add(byte(0), []byte{})
	f.Fuzz(func(t *testing.T, form byte, body []byte) {
		// The checksum is right, so that what is behind it is looked at, and so
		// is the compression as a rule.
		content := Seal(body)
		if kinds := []packKind{0, seriesPack, openPack, historyPack}; form > 0 && int(form) < len(kinds) {
			p := pack{kind: kinds[form], key: "k", step: 3600, span: sample().span, payload: body}
			var err error
			if content, _, err = p.encode(); err != nil {
				t.Fatal(err)
			}
		}
		if key, s, err := stretchOf(content); err == nil {
			again, _, err := s.content(key)
			if err != nil {
				t.Fatal(err)
			}
			key2, s2, err := stretchOf(again)
			if err != nil || key2 != key || !s2.same(s) || s2.written != s.written {
				t.Fatalf("%v: %q %+v, want %q %+v", err, key2, s2, key, s)
			}
		}
		if p, parts, err := decodeOpen(content); err == nil {
			_, again := encodeOpen("0", p.step, p.span, parts, p.written)
			if again == nil {
				t.Fatal("not written again")
			}
			p2, parts2, err := decodeOpen(again)
			if err != nil || p2.step != p.step || p2.span != p.span || len(parts) != len(parts2) {
				t.Fatalf("%v: %+v, want %+v", err, p2, p)
			}
			for i := range parts {
				if parts[i].key != parts2[i].key || !parts[i].same(parts2[i].stretch) || parts[i].written != parts2[i].written {
					t.Fatalf("%+v, want %+v", parts2[i], parts[i])
				}
			}
		}
		if p, err := decodePack(content); err == nil {
			historyOf(p.payload)
			again, _, err := p.encode()
			if err != nil {
				t.Fatal(err)
			}
			p2, err := decodePack(again)
			if err != nil || !bytes.Equal(p.payload, p2.payload) || p.key != p2.key {
				t.Fatalf("%v: %+v, want %+v", err, p2, p)
			}
		}
	})
}

func BenchmarkValues(b *testing.B) {
	span := timeseries.Span{Start: 0, End: 90 * day}
	counts, ratios := timeseries.Blank(span, 300), timeseries.Blank(span, 300)
	noise := uint64(1)
	for i := range counts.Values {
		noise = noise*6364136223846793005 + 1442695040888963407
		counts.Values[i] = float64(1000 + noise>>55)
		ratios.Values[i] = float64(noise>>11) / (1 << 53)
	}
	for name, s := range map[string]timeseries.Series{"counts": counts, "doubles": ratios} {
		whole := stretch{step: 300, span: span, groups: []timeseries.Group{{Series: s}}}
		content, _, err := whole.content("q")
		if err != nil {
			b.Fatal(err)
		}
		points := float64(len(s.Values))
		b.Run("encode/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := whole.content("q"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/points, "ns/point")
			b.ReportMetric(float64(len(content))/points, "B/point")
		})
		b.Run("decode/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := stretchOf(content); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/points, "ns/point")
		})
	}
}
