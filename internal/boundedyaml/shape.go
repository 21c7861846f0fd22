package boundedyaml

import "github.com/goccy/go-yaml/token"

// level is a list or mapping that is open.
type level struct {
	// column is where it begins; of no meaning in brackets.
	column int
	// braces is set for { }.
	braces bool
	// A key can be seen by its colon, by its question mark, or in braces by
	// the comma behind it. The parser accepts any one of them alone.
	colons, questions, commas int
	// run counts what can nest without brackets since the last comma.
	run int
}

func (l *level) tooWide() bool { return max(l.colons, l.questions, l.commas) > MaxKeys }

// shape follows the tokens of a text: in block style a level begins at a
// column of its own, in flow style at a bracket.
type shape struct {
	block, flow []level
	// run counts tags and anchors in a row, documents the lines of ---.
	run, documents int
}

// checkShape bounds nesting and the number of keys of each mapping. It may
// take a text that is not YAML for one that is, never the other way round.
func checkShape(name string, tokens token.Tokens) error {
	var s shape
	for _, t := range tokens {
		if t.Type == token.DocumentHeaderType {
			if s.documents++; s.documents > maxDocuments {
				return errorAt(name, t, "more than %d YAML documents", maxDocuments)
			}
		}
		var deep, wide bool
		if t.Type == token.SequenceStartType || t.Type == token.MappingStartType {
			s.flow = append(s.flow, level{braces: t.Type == token.MappingStartType})
			deep = len(s.flow) > maxNesting
		} else if len(s.flow) > 0 {
			deep, wide = s.inBrackets(t)
		} else {
			deep, wide = s.inBlock(t)
		}
		switch {
		case deep:
			return errorAt(name, t, "nested more than %d levels deep", maxNesting)
		case wide:
			return errorAt(name, t, "more than %d keys in one mapping", MaxKeys)
		}
	}
	return nil
}

func (s *shape) inBrackets(t *token.Token) (deep, wide bool) {
	l := &s.flow[len(s.flow)-1]
	switch t.Type {
	case token.SequenceEndType, token.MappingEndType:
		s.flow = s.flow[:len(s.flow)-1]
		return false, false
	case token.CollectEntryType:
		if l.run = 0; l.braces {
			l.commas++
		}
	case token.MappingValueType:
		l.run++
		l.colons++
	case token.AnchorType, token.TagType, token.MappingKeyType, token.SequenceEntryType:
		l.run++
	}
	return l.run > maxNesting, l.tooWide()
}

func (s *shape) inBlock(t *token.Token) (deep, wide bool) {
	if t.Type == token.AnchorType || t.Type == token.TagType {
		s.run++
		return s.run > maxNesting, false
	}
	if t.Prev == nil || t.Prev.Type != token.AnchorType { // else it is the anchor's name
		s.run = 0
	}
	column := t.Position.Column
	switch t.Type {
	case token.SequenceEntryType:
		s.at(column)
	case token.MappingKeyType:
		s.at(column).questions++
	case token.MappingValueType:
		if t.Prev != nil && t.Prev.Position.Line == t.Position.Line {
			column = t.Prev.Position.Column
		}
		s.at(column).colons++
	default:
		return false, false
	}
	return len(s.block) > maxNesting, s.block[len(s.block)-1].tooWide()
}

// at ends the levels that begin to the right of the column, and begins one
// there unless there is one.
func (s *shape) at(column int) *level {
	for len(s.block) > 0 && s.block[len(s.block)-1].column > column {
		s.block = s.block[:len(s.block)-1]
	}
	if len(s.block) == 0 || s.block[len(s.block)-1].column < column {
		s.block = append(s.block, level{column: column})
	}
	return &s.block[len(s.block)-1]
}
