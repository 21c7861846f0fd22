package tagquery_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/tagquery"
)

// drawn is the text of a query together with its meaning, which shares nothing
// with the parser: a term is a regular expression over whole tags.
type drawn struct {
	text string
	// rank is how tightly the text binds: 0 for OR, 1 for AND, 2 for what needs no brackets.
	rank  int
	holds func(tags []string) bool
}

func (d drawn) inside(rank int) string {
	if d.rank < rank {
		return "(" + d.text + ")"
	}
	return d.text
}

func genValue() *rapid.Generator[string] {
	return rapid.StringMatching(`[abAB1*?][abAB1_*?.-]{0,2}`)
}

func genTags() *rapid.Generator[[]string] {
	return rapid.SliceOfN(rapid.StringMatching(`([xyXY]:)?[abAB1][abAB1_.-]{0,2}`), 0, 5)
}

func genTerm() *rapid.Generator[drawn] {
	return rapid.Custom(func(t *rapid.T) drawn {
		value := genValue().Draw(t, "value")
		key := rapid.SampledFrom([]string{"", "x:", "Y:"}).Draw(t, "key")
		text := value
		pattern := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(value))
		if rapid.IntRange(0, 4).Draw(t, "quoted") == 0 {
			text, pattern = `"`+value+`"`, regexp.QuoteMeta(value)
		}
		whole := regexp.MustCompile("(?i)^" + key + pattern + "$")
		everything := key == "" && strings.Trim(text, "*") == ""
		return drawn{key + text, 2, func(tags []string) bool {
			return everything || slices.ContainsFunc(tags, func(g string) bool {
				return (key != "") == strings.Contains(g, ":") && whole.MatchString(g)
			})
		}}
	})
}

func genQuery(depth int) *rapid.Generator[drawn] {
	return rapid.Custom(func(t *rapid.T) drawn {
		if depth == 0 {
			return genTerm().Draw(t, "term")
		}
		a := genQuery(depth-1).Draw(t, "a")
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			b := genQuery(depth-1).Draw(t, "b")
			return drawn{a.inside(0) + " OR " + b.inside(0), 0, func(tags []string) bool { return a.holds(tags) || b.holds(tags) }}
		case 1:
			b := genQuery(depth-1).Draw(t, "b")
			joint := rapid.SampledFrom([]string{" ", " AND ", "\n"}).Draw(t, "joint")
			return drawn{a.inside(1) + joint + b.inside(1), 1, func(tags []string) bool { return a.holds(tags) && b.holds(tags) }}
		case 2:
			sign := "NOT "
			if !strings.HasPrefix(a.inside(2), "-") && !strings.HasPrefix(a.inside(2), "NOT ") {
				sign = rapid.SampledFrom([]string{"NOT ", "-"}).Draw(t, "sign")
			}
			return drawn{sign + a.inside(2), 2, func(tags []string) bool { return !a.holds(tags) }}
		}
		return a
	})
}

func parse(t *rapid.T, text string) tagquery.Query {
	q, err := tagquery.Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return q
}

func TestLawMeansWhatItSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, tags := genQuery(3).Draw(t, "query"), genTags().Draw(t, "tags")
		if got, want := parse(t, d.text).Matches(tags), d.holds(tags); got != want {
			t.Fatalf("%q on %q: %v, want %v", d.text, tags, got, want)
		}
	})
}

func TestLawDeMorganAndDoubleNegation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := genQuery(2).Draw(t, "a").text, genQuery(2).Draw(t, "b").text
		for _, same := range [][]string{
			{"NOT ((" + a + ") OR (" + b + "))", "-(" + a + ") AND -(" + b + ")"},
			{"NOT ((" + a + ") AND (" + b + "))", "-(" + a + ") OR -(" + b + ")"},
			{"NOT NOT (" + a + ")", "NOT (-(" + a + "))", "(" + a + ")", a},
			{"(" + a + ") (" + b + ")", "(" + b + ") AND (" + a + ")"},
		} {
			tags := genTags().Draw(t, "tags")
			for _, other := range same[1:] {
				if got, want := parse(t, other).Matches(tags), parse(t, same[0]).Matches(tags); got != want {
					t.Fatalf("on %q: %q says %v and %q says %v", tags, other, got, same[0], want)
				}
			}
		}
	})
}

// key:(a OR b) is key:a OR key:b.
func TestLawKeyOfABracket(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(genValue(), 1, 4).Draw(t, "values")
		joint := rapid.SampledFrom([]string{" OR ", " AND ", " OR -", " -"}).Draw(t, "joint")
		outside := "x:" + strings.Join(values, joint+"x:")
		inside := "x:(" + strings.Join(values, joint) + ")"
		tags := genTags().Draw(t, "tags")
		if got, want := parse(t, inside).Matches(tags), parse(t, outside).Matches(tags); got != want {
			t.Fatalf("on %q: %q says %v and %q says %v", tags, inside, got, outside, want)
		}
	})
}

// Neither the order of the tags nor their case matters.
func TestLawOrderAndCase(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := parse(t, genQuery(3).Draw(t, "query").text)
		tags := genTags().Draw(t, "tags")
		other := rapid.Permutation(tags).Draw(t, "order")
		for i, g := range other {
			other[i] = strings.ToUpper(g)
		}
		if q.Matches(tags) != q.Matches(other) {
			t.Fatalf("differs on %q and %q", tags, other)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"env:prod service:checkout", "env:prod AND -(team:a OR team:b*)", `team:("a b" OR c?) NOT tier1`, "*", "- a", "((a", `"`, `k:"\""`, "a:b:c",
		"latency:>5", "k:[1 TO 5]", "@x:1", "NOT NOT -a", "a OR b AND c d",
	} {
		f.Add(seed, "env:prod,tier1,team:a b")
	}
	f.Fuzz(func(t *testing.T, text, tagList string) {
		tags := strings.Split(tagList, ",")
		q, err := tagquery.Parse(text)
		if err != nil {
			if err.Error() == "" || q.Matches(tags) {
				t.Fatalf("Parse(%q): a query beside the error %v", text, err)
			}
			return
		}
		same, err := tagquery.Parse("(" + text + ")")
		if err != nil {
			if strings.Contains(err.Error(), "nested more than") || strings.Contains(err.Error(), "longer than") {
				return
			}
			t.Fatalf("%q parses, and not in brackets: %v", text, err)
		}
		opposite, err := tagquery.Parse("-(" + text + ")")
		if err != nil {
			t.Fatalf("%q parses in brackets, and not negated: %v", text, err)
		}
		if got := q.Matches(tags); same.Matches(tags) != got || opposite.Matches(tags) == got {
			t.Fatalf("%q on %q: %v, in brackets %v, negated %v", text, tags, got, same.Matches(tags), opposite.Matches(tags))
		}
	})
}
