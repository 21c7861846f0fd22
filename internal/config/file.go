package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// readLimited reads a whole file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, &Error{Message: path + ": is a directory, want a file"}
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, &Error{Message: fmt.Sprintf("%s: larger than %d KiB", path, limit>>10)}
	}
	return data, nil
}

// fileError says what is wrong with a file that could not be read.
func fileError(path string, err error) error {
	var own *Error
	var cause *fs.PathError
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, fs.ErrNotExist):
		return &Error{Message: path + ": no such file"}
	case errors.As(err, &cause):
		err = cause.Err
	}
	return &Error{Message: fmt.Sprintf("%s: %v", path, err)}
}
