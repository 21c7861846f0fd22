package policy

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
)

// plain writes a number that somebody chose: the shortest decimal.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// mostDecimals is how far numbers are written out to tell one from its bound.
const mostDecimals = 6

// down writes a number that is good when it is high: rounded down, with as many
// decimals as it takes to lie on the same side of the bound as the number itself.
func down(v, bound float64, decimals int) string { return beside(v, bound, decimals, math.Floor) }

// up is the same for a number that is bad when it is high: rounded up.
func up(v, bound float64, decimals int) string { return beside(v, bound, decimals, math.Ceil) }

func beside(v, bound float64, decimals int, round func(float64) float64) string {
	for ; ; decimals++ {
		scale := math.Pow10(decimals)
		if decimals >= mostDecimals {
			return strconv.FormatFloat(round(v*scale)/scale, 'f', decimals, 64)
		}
		// Rounding to nine more places first drops the dust of binary fractions.
		r := round(math.Round(v*scale*1e9)/1e9) / scale
		if (r > bound) == (v > bound) && (r < bound) == (v < bound) {
			return strconv.FormatFloat(r, 'f', decimals, 64)
		}
	}
}

// length writes seconds as people say them: 5m, 1h, 36h, 2d.
func length(seconds int64) string {
	switch {
	case seconds >= 3*86400 && seconds%86400 == 0:
		return fmt.Sprintf("%dd", seconds/86400)
	case seconds >= 3600 && seconds%3600 == 0:
		return fmt.Sprintf("%dh", seconds/3600)
	case seconds >= 3600:
		if m := seconds % 3600 / 60; m > 0 {
			return fmt.Sprintf("%dh%dm", seconds/3600, m)
		}
		return fmt.Sprintf("%dh", seconds/3600)
	case seconds >= 60 && seconds%60 == 0:
		return fmt.Sprintf("%dm", seconds/60)
	case seconds >= 60:
		return fmt.Sprintf("%dm%ds", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%ds", seconds)
}

// age writes how old something is, rounded up to whole minutes from a minute on.
func age(d time.Duration) string {
	seconds := int64(math.Ceil(max(0, d).Seconds()))
	if seconds > 60 {
		seconds = (seconds + 59) / 60 * 60
	}
	return length(seconds)
}

// clock writes an instant on a calendar's clock.
func clock(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2006-01-02 15:04 MST")
}

// harmless are names that a shell takes as they are inside double quotes.
var harmless = regexp.MustCompile(`^[\pL\pN _.:/+@%,()'-]+$`)

// typed is how to name an objective on the command line: by its name, or by
// its id where that names another one as well.
func (j *judge) typed(d slo.Definition) string {
	if harmless.MatchString(d.Name) && len(slo.Named(d.Name, j.request.Listed)) < 2 || d.ID == "" {
		return `"` + d.Name + `"`
	}
	return d.ID
}

// number is the value of a figure that can be reckoned with.
func number(f slo.Figure) (float64, bool) {
	v, known := f.Value()
	return v, known && finite(v)
}

// figure is the figure where it can be reckoned with, else an unknown one.
func figure(f slo.Figure) slo.Figure {
	if _, ok := number(f); ok {
		return f
	}
	return slo.Figure{}
}
