package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/atomicfile"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// only fails the test if the directory has other entries than these.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(names) {
		t.Errorf("%d entries in %s, want %v: %v", len(entries), dir, names, entries)
	}
}

func TestWriteReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("old and longer"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, text("new")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "new" {
		t.Errorf("%q", got)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("permissions %v", info.Mode())
	}
	only(t, dir, "a")
}

func TestWriteKeepsTheOldIfFillFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := atomicfile.Write(path, text("old")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := atomicfile.Write(path, func(w io.Writer) error {
		io.WriteString(w, "half")
		if got := content(t, path); got != "old" {
			t.Errorf("the old content is %q while the new is written", got)
		}
		return broken
	})
	if !errors.Is(err, broken) || content(t, path) != "old" {
		t.Errorf("error %v, content %q", err, content(t, path))
	}
	only(t, dir, "a")
}

func TestWriteThroughASymbolicLink(t *testing.T) {
	for _, there := range []bool{true, false} {
		dir := t.TempDir()
		link := filepath.Join(dir, "link")
		if err := os.Symlink("a", link); err != nil {
			t.Skip(err)
		}
		if there {
			os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o600)
		}
		if err := atomicfile.Write(link, text("new")); err != nil {
			t.Fatal(err)
		}
		if got := content(t, filepath.Join(dir, "a")); got != "new" {
			t.Errorf("%q", got)
		}
		only(t, dir, "a", "link")
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	os.WriteFile(old, []byte("old"), 0o600)
	for path, good := range map[string]bool{
		old: true, filepath.Join(dir, "new"): true, os.DevNull: true,
		dir: false, filepath.Join(dir, "no", "where"): false, filepath.Join(old, "below"): false,
	} {
		if err := atomicfile.Check(path); (err == nil) != good {
			t.Errorf("%s: %v", path, err)
		}
	}
	if content(t, old) != "old" {
		t.Error("touched")
	}
	only(t, dir, "old")
}
