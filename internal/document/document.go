// Package document is a report without a face: headings, tables of typed
// cells, notes, and the payload that machines read. Builders in
// internal/report fill it, internal/render turns it into bytes. Neither knows
// the other.
package document

import "time"

// Document is the outcome of one command.
type Document struct {
	// Title is one line that says what this is, of when, and how much of it.
	Title string
	// Lead is what a reader should know first: one or two sentences.
	Lead []string
	// Tables follow in order.
	Tables []Table
	// Items are a numbered list of sentences, below the tables.
	Items []Item
	// Notes stand below the tables: what must be known about the numbers.
	Notes []string
	// Closing is the last line, after the notes: what a tired reader needs.
	Closing string
	// Checks are what was looked at, where the command checks something.
	Checks []Check
	// Payload is the JSON document of the contract. Only the JSON renderer reads it.
	Payload any
}

// Table is a grid of typed cells. Every row has one cell for each column.
type Table struct {
	Title   string
	Columns []Column
	Rows    []Row
	// Empty is said instead of the table when it has no row.
	Empty string
	// Aside marks a table that terminals leave out, because the items say the same in sentences.
	Aside bool
}

// Align is where the text of a column stands.
type Align int

// The alignments.
const (
	Left Align = iota
	Right
)

// Column describes one column of a [Table].
type Column struct {
	// Name is the heading that people read.
	Name string
	// Key is the heading in CSV. An empty one is made from the Name: "LEFT %"
	// becomes left_percent.
	Key string
	// Machine marks a column that only CSV has, such as an id.
	Machine bool
	// Human marks a column that CSV leaves out, because another one says the same to machines.
	Human bool
	Align Align
	// Drop orders the sacrifice on narrow terminals: a column with a higher
	// Drop goes first, one with 0 never goes.
	Drop int
	// Shrink marks a column whose text may be shortened, with an ellipsis, when
	// dropping columns is not enough; at least MinWidth cells of it stay. What it
	// needs beyond a quarter of the line does not drop others, so that one long
	// name cannot cost every row its columns. Of several, the widest gives first.
	Shrink   bool
	MinWidth int
	// Wrap lets the text of a Shrink column go on in further lines instead of being shortened.
	Wrap bool
}

// Severity colours a row or a cell. It never carries meaning alone: the same is said in words.
type Severity int

// The severities, worst last.
const (
	Plain Severity = iota
	Good
	Muted
	Warn
	Bad
)

// Row is one line of a table.
type Row struct {
	Cells    []Cell
	Severity Severity
	// Human marks a line that CSV leaves out, such as "… 3 more".
	Human bool
	// Machine marks a line that only CSV has, because people are told of it by count.
	Machine bool
}

// Kind is what a [Cell] holds, and so how it is written.
type Kind int

// The kinds of cells.
const (
	// Absent is "there is no such thing": an empty cell.
	Absent Kind = iota
	// Unknown is "it exists and we do not know it": a dash for people, empty for machines.
	Unknown
	// Text is a string from anywhere; renderers make it harmless.
	Text
	// Number is a quantity, rounded for people by Round and Decimals, whole in CSV.
	Number
	// Instant is a point in time.
	Instant
	// Duration is a length of time in seconds (Value).
	Duration
	// Spark is a small chart of Points, the newest last; NaN is a gap.
	Spark
)

// Rounding says which way a number may be rounded for people, so that nothing
// ever looks better than it is.
type Rounding int

// The directions.
const (
	// Down floors: for what is good when it is high.
	Down Rounding = iota
	// Up rounds away from zero upwards: for what is bad when it is high.
	Up
	// Nearest is for quantities that are neither good nor bad.
	Nearest
)

// Cell is one typed value of a table.
type Cell struct {
	Kind     Kind
	Text     string
	Value    float64
	Decimals int
	Round    Rounding
	// Unit is written behind a number: "%", "×", " req". The column name says it for machines.
	Unit string
	// Sign writes a plus before numbers above zero.
	Sign bool
	// Compact shortens large numbers for people: 12.4k, 3.1M.
	Compact bool
	Time    time.Time
	Points  []float64
	// Low and High are the ends of the scale of a Spark.
	Low, High float64
	// Link is where the cell leads, for terminals and formats that can.
	Link     string
	Severity Severity
}
