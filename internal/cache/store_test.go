package cache_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/cache"
)

// memory is a [cache.Store] that can be made to fail and to look older than it is.
type memory struct {
	mu      sync.Mutex
	objects map[string]object
	// refuse, when set, is asked before everything that is done.
	refuse func(verb, name string) error
	// writes counts what was written.
	writes int
}

type object struct {
	content  []byte
	modified time.Time
}

func newMemory() *memory { return &memory{objects: map[string]object{}} }

func (m *memory) ask(verb, name string) error {
	if m.refuse == nil {
		return nil
	}
	return m.refuse(verb, name)
}

func (m *memory) List(prefix string) ([]cache.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("list", prefix); err != nil {
		return nil, err
	}
	var entries []cache.Entry
	for name, o := range m.objects {
		if strings.HasPrefix(name, prefix) {
			entries = append(entries, cache.Entry{Name: name, Size: int64(len(o.content)), Modified: o.modified})
		}
	}
	slices.SortFunc(entries, func(a, b cache.Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, nil
}

func (m *memory) Read(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("read", name); err != nil {
		return nil, err
	}
	o, ok := m.objects[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return bytes.Clone(o.content), nil
}

func (m *memory) Write(name string, content []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("write", name); err != nil {
		return err
	}
	m.objects[name] = object{bytes.Clone(content), time.Now()}
	m.writes++
	return nil
}

func (m *memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ask("remove", name); err != nil {
		return err
	}
	delete(m.objects, name)
	return nil
}

// names are those of all objects with the text in their name.
func (m *memory) names(text string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.objects {
		if strings.Contains(name, text) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// change replaces an object behind everybody's back; nil removes it.
func (m *memory) change(name string, by func([]byte) []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.objects[name]
	if o.content = by(bytes.Clone(o.content)); o.content == nil {
		delete(m.objects, name)
		return
	}
	m.objects[name] = o
}

// age makes an object look older.
func (m *memory) age(name string, by time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.objects[name]
	o.modified = o.modified.Add(-by)
	m.objects[name] = o
}

// examine holds a store to its contract. Every Store is to pass it.
func examine(t *testing.T, open func(t *testing.T) cache.Store) {
	list := func(t *testing.T, s cache.Store, prefix string) string {
		t.Helper()
		entries, err := s.List(prefix)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, fmt.Sprintf("%s:%d", e.Name, e.Size))
		}
		return strings.Join(names, " ")
	}
	write := func(t *testing.T, s cache.Store, name, content string) {
		t.Helper()
		if err := s.Write(name, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("what is not there", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		if got := list(t, s, "") + list(t, s, "a/") + list(t, s, "a/b/c"); got != "" {
			t.Errorf("an empty store lists %s", got)
		}
		if _, err := s.Read("a/b"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("reading it: %v", err)
		}
		if err := s.Remove("a/b"); err != nil {
			t.Errorf("removing it: %v", err)
		}
		write(t, s, "a/b", "1")
		if err := s.Remove("a/b/c"); err != nil {
			t.Errorf("removing below an object: %v", err)
		}
	})
	t.Run("written, read, replaced, removed", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		before := time.Now().Add(-time.Minute)
		for _, content := range []string{"first", "", "a longer second one"} {
			write(t, s, "v1/x/y.pack", content)
			if got, err := s.Read("v1/x/y.pack"); err != nil || string(got) != content {
				t.Errorf("read %q, %v, want %q", got, err, content)
			}
			if got := list(t, s, "v1/"); got != fmt.Sprintf("v1/x/y.pack:%d", len(content)) {
				t.Errorf("listed %s", got)
			}
		}
		entries, _ := s.List("")
		if len(entries) != 1 || entries[0].Modified.Before(before) || entries[0].Modified.After(time.Now().Add(time.Minute)) {
			t.Errorf("modified at %v", entries)
		}
		for range 2 {
			if err := s.Remove("v1/x/y.pack"); err != nil {
				t.Error(err)
			}
			if got := list(t, s, ""); got != "" {
				t.Errorf("still there: %s", got)
			}
		}
	})
	t.Run("prefixes are of names", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for _, name := range []string{"v1/b/2", "v1/a", "v1/b/10", "v1/bb", "v10/c", "w", "v1/b/1/x"} {
			write(t, s, name, "!")
		}
		for prefix, want := range map[string]string{
			"":        "v1/a:1 v1/b/1/x:1 v1/b/10:1 v1/b/2:1 v1/bb:1 v10/c:1 w:1",
			"v1/":     "v1/a:1 v1/b/1/x:1 v1/b/10:1 v1/b/2:1 v1/bb:1",
			"v1/b":    "v1/b/1/x:1 v1/b/10:1 v1/b/2:1 v1/bb:1",
			"v1/b/":   "v1/b/1/x:1 v1/b/10:1 v1/b/2:1",
			"v1/b/1":  "v1/b/1/x:1 v1/b/10:1",
			"v1/b/1/": "v1/b/1/x:1",
			"v1":      "v1/a:1 v1/b/1/x:1 v1/b/10:1 v1/b/2:1 v1/bb:1 v10/c:1",
			"v1/c":    "",
			"x/y/":    "",
		} {
			if got := list(t, s, prefix); got != want {
				t.Errorf("%q lists %s, want %s", prefix, got, want)
			}
		}
	})
	t.Run("whole or not at all", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		contents := []string{strings.Repeat("a", 1<<18), strings.Repeat("b", 1<<16), strings.Repeat("c", 1<<17)}
		write(t, s, "v1/x/shared", contents[0])
		var wg sync.WaitGroup
		for _, content := range contents {
			wg.Go(func() {
				for range 20 {
					if err := s.Write("v1/x/shared", []byte(content)); err != nil {
						t.Errorf("writing: %v", err)
					}
				}
			})
			wg.Go(func() {
				for range 60 {
					if got, err := s.Read("v1/x/shared"); err != nil || !slices.Contains(contents, string(got)) {
						t.Errorf("read %d bytes, %v", len(got), err)
					}
				}
			})
		}
		wg.Wait()
		entries, err := s.List("v1/x/")
		if err != nil || len(entries) != 1 {
			t.Errorf("left behind: %v, %v", entries, err)
		}
	})
	t.Run("writers beside removers", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				name := fmt.Sprintf("v1/deep/folder/%d", i)
				for range 50 {
					if err := s.Write(name, []byte("x")); err != nil {
						t.Errorf("writing: %v", err)
					}
					if err := s.Remove(name); err != nil {
						t.Errorf("removing: %v", err)
					}
				}
			})
		}
		wg.Wait()
		if got := list(t, s, ""); got != "" {
			t.Errorf("left behind: %s", got)
		}
	})
}

func TestStores(t *testing.T) {
	t.Parallel()
	t.Run("dir", func(t *testing.T) {
		t.Parallel()
		examine(t, func(t *testing.T) cache.Store { return cache.Dir(filepath.Join(t.TempDir(), "not", "there", "yet")) })
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		examine(t, func(*testing.T) cache.Store { return newMemory() })
	})
}

func TestDirIsPrivateAndStaysInside(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	root := filepath.Join(outside, "cache")
	s := cache.Dir(root)
	if err := s.Write("v1/a/b.pack", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"": 0o700, "v1": 0o700, "v1/a": 0o700, "v1/a/b.pack": 0o600} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q has mode %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	for _, name := range []string{"../x", "/etc/passwd", "v1/../../x", "", "."} {
		if err := s.Write(name, []byte("x")); err == nil {
			t.Errorf("%q was written", name)
		}
		if _, err := s.Read(name); err == nil {
			t.Errorf("%q was read", name)
		}
		if err := s.Remove(name); err == nil && name != "" {
			t.Errorf("%q was removed", name)
		}
	}
	if children, err := os.ReadDir(outside); err != nil || len(children) != 1 {
		t.Errorf("beside the folder lie %v, %v", children, err)
	}
	if cache.Dir("").Write("v1/x", nil) == nil {
		t.Error("no folder at all can be written to")
	}
	// The folder itself stays, and what a link points to does as well.
	elsewhere := t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(root, "v2")); err != nil {
		t.Fatal(err)
	}
	if err := s.Write("v2/x", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"v2/x", "v1/a/b.pack"} {
		if err := s.Remove(name); err != nil {
			t.Error(err)
		}
	}
	children, err := os.ReadDir(root)
	if err != nil || len(children) != 1 || children[0].Name() != "v2" {
		t.Errorf("left in the folder: %v, %v", children, err)
	}
}
