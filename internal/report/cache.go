package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/slo-cli/slo/internal/document"
)

// CacheView is what `slo cache` found, and removed.
type CacheView struct {
	// Folder is where the cache lies; empty on a machine that has none.
	Folder string
	// MaxBytes is how large it may get.
	MaxBytes int64
	// Files and Bytes are what there is, after what was removed.
	Files  int
	Bytes  int64
	Owners []CacheOwner
	// Removed is nil when nothing was to be removed.
	Removed *CacheRemoval
}

// CacheOwner is one organisation, as asked with one set of keys.
type CacheOwner struct {
	ID, Site string
	// API is the host of the API.
	API            string
	Queries, Files int
	Bytes          int64
	// From and To are the ends of the settled data, Written the last write;
	// zero where there is none.
	From, To, Written time.Time
}

// CacheRemoval is what is gone.
type CacheRemoval struct {
	Files int
	Bytes int64
}

type cacheJSON struct {
	Schema        string            `json:"schema"`
	Folder        *string           `json:"folder"`
	MaxBytes      int64             `json:"max_bytes"`
	Files         int               `json:"files"`
	Bytes         int64             `json:"bytes"`
	Removed       *cacheRemovalJSON `json:"removed"`
	Organisations []cacheOwnerJSON  `json:"organisations"`
}

type cacheRemovalJSON struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

type cacheOwnerJSON struct {
	ID        string     `json:"id"`
	Site      *string    `json:"site"`
	API       *string    `json:"api"`
	Queries   int        `json:"queries"`
	From      *time.Time `json:"from"`
	To        *time.Time `json:"to"`
	WrittenAt *time.Time `json:"written_at"`
	Files     int        `json:"files"`
	Bytes     int64      `json:"bytes"`
}

// Cache is what is cached, the largest organisation first.
func Cache(v CacheView) document.Document {
	owners := slices.Clone(v.Owners)
	slices.SortStableFunc(owners, func(a, b CacheOwner) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.ID, b.ID))
	})
	payload := cacheJSON{
		Schema: "slo.cache/v1", Folder: textOrNull(v.Folder), MaxBytes: v.MaxBytes, Files: v.Files, Bytes: v.Bytes,
		Organisations: make([]cacheOwnerJSON, 0, len(owners)),
	}
	if r := v.Removed; r != nil {
		payload.Removed = &cacheRemovalJSON{r.Files, r.Bytes}
	}
	table := document.Table{Columns: []document.Column{
		{Name: "OWNER", Human: true, Drop: 3}, {Key: "id", Machine: true},
		{Name: "SITE", Key: "site"},
		{Name: "API", Key: "api", Shrink: true, MinWidth: 16},
		{Name: "QUERIES", Key: "queries", Align: document.Right},
		{Name: "SETTLED FROM", Key: "from", Drop: 2}, {Name: "SETTLED TO", Key: "to", Drop: 1},
		{Name: "LAST WRITTEN", Key: "written_at", Drop: 4},
		{Name: "FILES", Key: "files", Align: document.Right, Drop: 5},
		{Name: "SIZE", Human: true, Align: document.Right}, {Key: "bytes", Machine: true},
	}}
	for _, o := range owners {
		payload.Organisations = append(payload.Organisations, cacheOwnerJSON{
			ID: o.ID, Site: textOrNull(o.Site), API: textOrNull(o.API), Queries: o.Queries,
			From: timeOrNull(o.From), To: timeOrNull(o.To), WrittenAt: timeOrNull(o.Written), Files: o.Files, Bytes: o.Bytes,
		})
		table.Rows = append(table.Rows, document.Row{Cells: []document.Cell{
			text(o.ID[:min(len(o.ID), shortID)]), text(o.ID), textOrUnknown(o.Site), textOrUnknown(o.API),
			count(o.Queries), moment(o.From), moment(o.To), moment(o.Written), count(o.Files),
			text(size(o.Bytes, document.Up)), {Kind: document.Number, Value: float64(o.Bytes)},
		}})
	}
	return document.Document{Title: v.title(), Lead: v.lead(), Tables: []document.Table{table}, Payload: payload}
}

// shortID is how much of an owner's name tells it apart on screen.
const shortID = 8

func (v CacheView) title() string {
	there := "nothing is cached"
	if v.Files > 0 {
		there = fmt.Sprintf("%s in %s", size(v.Bytes, document.Up), plural(v.Files, "file"))
	}
	switch r := v.Removed; {
	case r == nil:
		return there
	case r.Files == 0 && v.Files == 0:
		return "nothing to remove: " + there
	case r.Files == 0:
		return "nothing to remove; left: " + there
	case v.Files == 0:
		return fmt.Sprintf("removed %s in %s; %s", size(r.Bytes, document.Down), plural(r.Files, "file"), there)
	default:
		return fmt.Sprintf("removed %s in %s; left: %s", size(r.Bytes, document.Down), plural(r.Files, "file"), there)
	}
}

// Summary is the state of the cache on one line.
func (v CacheView) Summary() string {
	return fmt.Sprintf("%s, of at most %s, in %s", v.title(), size(v.MaxBytes, document.Down), v.Folder)
}

func (v CacheView) lead() []string {
	if v.Folder == "" {
		return []string{"No cache folder is known on this machine; --cache-dir or SLO_CACHE_DIR names one."}
	}
	lead := []string{fmt.Sprintf("The cache is in %s; its bound is %s.", v.Folder, size(v.MaxBytes, document.Down))}
	if v.Bytes > v.MaxBytes {
		lead = append(lead, "It is larger than that: slo cache prune removes what was written first.")
	}
	return lead
}

func count(n int) document.Cell { return document.Cell{Kind: document.Number, Value: float64(n)} }

func moment(t time.Time) document.Cell { return document.Cell{Kind: document.Instant, Time: t} }

func textOrUnknown(s string) document.Cell {
	if s == "" {
		return document.Cell{Kind: document.Unknown}
	}
	return text(s)
}

// size writes a number of bytes with one decimal at most, in the units of the
// config file. Sentences have no typed cells, and a table beside them has to
// say the same.
func size(n int64, round document.Rounding) string {
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for i := 0; ; i++ {
		tenths := float64(n) / math.Pow(1024, float64(i)) * 10
		if round == document.Up {
			tenths = math.Ceil(tenths)
		} else {
			tenths = math.Floor(tenths)
		}
		// What rounding lifted to 1024 takes the next unit.
		if tenths < 10240 || i == len(units)-1 {
			return strconv.FormatFloat(tenths/10, 'f', -1, 64) + " " + units[i]
		}
	}
}
