package cache

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	// version is the folder of this layout. Another layout is another folder.
	version = "v1/"
	// prunedName marks when the size was last looked at.
	prunedName = version + "pruned"

	cardName  = "owner.json"
	extension = ".pack"

	day = 86_400
	// longest is how many days a pack holds at most.
	longest, longestCoarse = 32, 128
	coarse                 = 3600
)

// reach is the width in seconds of the grid whose cells no pack crosses. With
// fixed cells, packs that were cut differently still grow into the same ones.
func reach(step int64) int64 {
	if step < coarse {
		return longest * day
	}
	return longestCoarse * day
}

// seriesFolder is where the packs of a key lie. The first two digits spread the
// keys over folders.
func seriesFolder(owner, key string) string {
	h := digest(key)
	return version + owner + "/series/" + h[:2] + "/" + h + "/"
}

func historyName(owner, key string) string {
	return version + owner + "/history/" + digest(key) + extension
}

func lastName(owner, name string) string {
	return version + owner + "/last/" + digest(name) + extension
}

func openFolder(owner string) string { return version + owner + "/open/" }

// openName is the same for all requests of a day for the same keys, so that the
// later replaces the earlier. The keys are sorted.
func openName(owner string, step int64, keys []string, start int64) string {
	parts := append([]string{strconv.FormatInt(step, 10), strconv.FormatInt(timeseries.Floor(start, day), 10)}, keys...)
	return openFolder(owner) + digest(parts...) + extension
}

// held is what the name of a pack of metric data says.
type held struct {
	step int64
	span timeseries.Span
	crc  uint32
}

func (h held) name() string {
	return fmt.Sprintf("%d-%d-%d-%08x%s", h.step, h.span.Start, h.span.End, h.crc, extension)
}

// heldOf reads a name; ok is false when it is none of ours.
func heldOf(base string) (h held, ok bool) {
	text, ok := strings.CutSuffix(base, extension)
	parts := strings.Split(text, "-")
	if !ok || len(parts) != 4 {
		return held{}, false
	}
	var numbers [3]int64
	for i := range numbers {
		n, err := strconv.ParseInt(parts[i], 10, 64)
		if err != nil {
			return held{}, false
		}
		numbers[i] = n
	}
	crc, err := strconv.ParseUint(parts[3], 16, 32)
	if err != nil {
		return held{}, false
	}
	h = held{step: numbers[0], span: timeseries.Span{Start: numbers[1], End: numbers[2]}, crc: uint32(crc)}
	return h, h.name() == base && keepable(h.step, h.span)
}

// keepable reports whether a pack may be of this step and span.
func keepable(step int64, span timeseries.Span) bool {
	return divides(step) && span.Start >= 0 && span.Start < span.End &&
		span.Start%day == 0 && span.End%day == 0 && span.End <= 1<<40 && span.Seconds() <= reach(step)
}

// divides reports whether whole days consist of whole steps.
func divides(step int64) bool { return step > 0 && day%step == 0 }

// nameKind is what an object below the version's folder is, by its name alone.
type nameKind int

const (
	foreignName nameKind = iota
	temporaryName
	markerName
	cardFile
	seriesName
	openPackName
	otherPackName
)

// owned is a name taken apart.
type owned struct {
	kind nameKind
	// owner and key are the folder names, not what they stand for.
	owner, key string
	held       held
}

func nameOf(name string) owned {
	rest, ok := strings.CutPrefix(name, version)
	if !ok {
		return owned{}
	}
	if strings.HasPrefix(path.Base(name), temporary) {
		return owned{kind: temporaryName}
	}
	if name == prunedName {
		return owned{kind: markerName}
	}
	parts := strings.Split(rest, "/")
	if !isDigest(parts[0]) {
		return owned{}
	}
	o := owned{owner: parts[0]}
	switch {
	case len(parts) == 2 && parts[1] == cardName:
		o.kind = cardFile
	case len(parts) == 5 && parts[1] == "series" && isDigest(parts[3]) && parts[2] == parts[3][:2]:
		if h, ok := heldOf(parts[4]); ok {
			o.kind, o.key, o.held = seriesName, parts[3], h
		}
	case len(parts) == 3 && isPack(parts[2]):
		switch parts[1] {
		case "open":
			o.kind = openPackName
		case "history", "last":
			o.kind = otherPackName
		}
	}
	return o
}

func isPack(base string) bool {
	text, ok := strings.CutSuffix(base, extension)
	return ok && isDigest(text)
}

func isDigest(text string) bool {
	return len(text) == 32 && strings.Trim(text, "0123456789abcdef") == ""
}
