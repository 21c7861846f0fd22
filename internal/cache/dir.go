package cache

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// temporary is how the names of files begin that are not whole yet.
const temporary = ".tmp-"

// largestFile is more bytes than any pack has.
const largestFile = 256 << 20

// Dir is a [Store] in a folder of the file system, which need not exist yet.
// Folders are made with mode 0700, files with 0600.
func Dir(path string) Store { return dir(path) }

type dir string

// String is the path, for notes.
func (d dir) String() string { return string(d) }

func (d dir) place(name string) (string, error) {
	if d == "" {
		return "", errors.New("the cache has no folder")
	}
	local, err := filepath.Localize(name)
	if err != nil {
		return "", fmt.Errorf("cache object %q: %w", name, err)
	}
	return filepath.Join(string(d), local), nil
}

func (d dir) List(prefix string) ([]Entry, error) {
	var found []Entry
	folder := strings.TrimSuffix(prefix[:strings.LastIndexByte(prefix, '/')+1], "/")
	err := d.walk(folder, prefix, &found)
	if err != nil {
		err = fmt.Errorf("listing the cache: %w", err)
	}
	slices.SortFunc(found, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return found, err
}

func (d dir) walk(folder, prefix string, found *[]Entry) error {
	place := string(d)
	if folder != "" {
		var err error
		if place, err = d.place(folder); err != nil {
			return err
		}
	}
	// What is listed before an error counts.
	children, err := os.ReadDir(place)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, child := range children {
		name := path.Join(folder, child.Name())
		switch {
		case child.IsDir():
			// A name with the prefix may still lie further down.
			if strings.HasPrefix(name+"/", prefix) || strings.HasPrefix(prefix, name+"/") {
				err = cmp.Or(err, d.walk(name, prefix, found))
			}
		case child.Type().IsRegular() && strings.HasPrefix(name, prefix):
			info, failed := child.Info()
			if errors.Is(failed, fs.ErrNotExist) {
				continue // removed since the folder was read
			}
			if failed != nil {
				err = cmp.Or(err, failed)
				continue
			}
			*found = append(*found, Entry{Name: name, Size: info.Size(), Modified: info.ModTime()})
		}
	}
	return err
}

func (d dir) Read(name string) ([]byte, error) {
	place, err := d.place(name)
	if err != nil {
		return nil, err
	}
	// What is not a plain file, a pipe or a device, might never end.
	info, err := os.Lstat(place)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > largestFile) {
		return nil, fmt.Errorf("reading from the cache: %s is not a file of the cache", name)
	}
	content, err := os.ReadFile(place)
	if err != nil {
		return nil, fmt.Errorf("reading from the cache: %w", err)
	}
	return content, nil
}

func (d dir) Write(name string, content []byte) error {
	place, err := d.place(name)
	if err != nil {
		return err
	}
	// Somebody who prunes may remove a folder that is empty for the moment.
	for range 20 {
		if err = write(place, content); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("writing to the cache: %w", err)
	}
	return nil
}

func write(place string, content []byte) (err error) {
	folder := filepath.Dir(place)
	file, err := os.CreateTemp(folder, fmt.Sprintf("%s%d-*", temporary, os.Getpid()))
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		file, err = os.CreateTemp(folder, fmt.Sprintf("%s%d-*", temporary, os.Getpid()))
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	if _, err = file.Write(content); err != nil {
		file.Close()
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), place)
}

func (d dir) Remove(name string) error {
	place, err := d.place(name)
	if err != nil {
		return err
	}
	if err := os.Remove(place); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("removing from the cache: %w", err)
	}
	// Folders that are empty now go too. A link to a folder is somebody's
	// arrangement and stays.
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		place, err := d.place(folder)
		if err != nil {
			break
		}
		if info, err := os.Lstat(place); err != nil || !info.IsDir() || os.Remove(place) != nil {
			break
		}
	}
	return nil
}
