package document

import "time"

// Chart is a series with what was usual of it and a stretch that is marked.
type Chart struct {
	Title string
	// Start is when the first bucket begins, Step how long each is.
	Start time.Time
	Step  time.Duration
	// Values has one entry a bucket; NaN is a gap.
	Values []float64
	// Low and High are the ends of the usual band, as long as Values or empty; NaN where nothing is usual.
	Low, High []float64
	// From and To are the ends of the marked stretch; both zero where there is none.
	From, To time.Time
	// Unit is what the values are in: "a minute", "%", "ms".
	Unit string
}

// Item is one sentence of a list with what belongs to it.
type Item struct {
	Text     string
	Severity Severity
	// Details are lines below the sentence.
	Details []Detail
	Chart   *Chart
}

// Detail is one line below the sentence of an [Item].
type Detail struct {
	// Label says what follows, and may be empty.
	Label, Text string
	// Verbatim is for what is copied, such as a query or an address: it is never broken into lines.
	Verbatim bool
	// Link is where it leads, for formats that can.
	Link string
}
