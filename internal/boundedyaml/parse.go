package boundedyaml

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

// MaxKeys is how many keys one mapping may have.
const MaxKeys = 2000

const (
	maxNesting   = 100
	maxDocuments = 100
	// maxGrowth is how much larger than the largest file its values may be
	// once every alias is replaced by what it names.
	maxGrowth = 4
)

// ReadFile reads a file of at most limit bytes. Errors of the operating system
// are returned as they are.
func ReadFile(path string, limit int) ([]byte, error) {
	// Opening a pipe that nobody writes to would wait for ever. Those of a shell's <(…) have a writer.
	if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeNamedPipe != 0 && !strings.HasPrefix(path, "/dev/fd/") && !strings.HasPrefix(path, "/proc/") {
		return nil, &Error{Name: path, Message: "is a pipe, want a file"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, &Error{Name: path, Message: "is a directory, want a file"}
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	return data, checkSize(path, data, limit)
}

func checkSize(name string, data []byte, limit int) error {
	if len(data) > limit {
		return &Error{Name: name, Message: fmt.Sprintf("larger than %d KiB", limit>>10)}
	}
	return nil
}

// Parse parses a text of at most limit bytes; name is what errors call it.
// Every alias in the result names an anchor before it and not around it. Each
// error is an [*Error].
func Parse(name string, data []byte, limit int) (file *ast.File, err error) {
	if err := checkSize(name, data, limit); err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, &Error{Name: name, Message: "not UTF-8 text"}
	}
	defer recovered(name, &err)
	tokens := lexer.Tokenize(string(data))
	if err := checkShape(name, tokens); err != nil {
		return nil, err
	}
	if file, err = parser.Parse(tokens, 0); err != nil {
		return nil, libraryError(name, err)
	}
	if err := checkAliases(name, file, maxGrowth*limit); err != nil {
		return nil, err
	}
	return file, nil
}

// Decode decodes a part of what Parse returned. A key for which there is no
// field is an error. Each error is an [*Error].
func Decode(name string, from ast.Node, into any) (err error) {
	defer recovered(name, &err)
	if err := yaml.NodeToValue(from, into, yaml.Strict()); err != nil {
		return libraryError(name, err)
	}
	return nil
}
