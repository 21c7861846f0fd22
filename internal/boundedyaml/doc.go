// Package boundedyaml makes it safe to read YAML that somebody else wrote.
//
// The parser behind it needs stack and gigabytes of memory for deep nesting,
// quadratic time for wide mappings, and follows aliases wherever they lead.
// [Parse] therefore bounds a text's size, nesting and keys before the parser
// sees it, and what aliases expand to before anybody follows them. Whatever
// is wrong with a text, a panic of the parser included, is an [*Error] of one
// line that names the file and, where it is known, the line and column.
package boundedyaml
