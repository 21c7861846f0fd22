package config

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/slo-cli/slo/internal/boundedyaml"
)

// fileError says what is wrong with a file that could not be read.
func fileError(path string, err error) error {
	var content *boundedyaml.Error
	var cause *fs.PathError
	switch {
	case errors.As(err, &content):
		return &Error{Message: content.Error()}
	case errors.Is(err, fs.ErrNotExist):
		return &Error{Message: path + ": no such file"}
	case errors.As(err, &cause):
		err = cause.Err
	}
	return &Error{Message: fmt.Sprintf("%s: %v", path, err)}
}
