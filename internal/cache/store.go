package cache

import "time"

// Store is where packs lie: named objects that are written once, whole or not
// at all. Names are paths with '/' between their parts. A Store is safe for
// concurrent use, by any number of processes.
type Store interface {
	// List returns the objects whose names begin with the prefix, sorted by
	// name. A place that does not exist is empty. With an error there is what
	// could be listed.
	List(prefix string) ([]Entry, error)
	// Read returns the content; errors.Is(err, fs.ErrNotExist) when there is no such object.
	Read(name string) ([]byte, error)
	// Write is atomic: whoever reads sees all of the content or what was there
	// before. An object of that name is replaced.
	Write(name string, content []byte) error
	// Remove makes the object go away. Removing what is gone is no error.
	Remove(name string) error
}

// Entry is one object of a [Store].
type Entry struct {
	Name     string
	Size     int64
	Modified time.Time
}
