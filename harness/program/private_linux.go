package program

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// WriteFile replaces a file below /etc or /run of a program that has such files
// of its own: see Options. The program finds the old text or the new one, never
// a part.
func (p *Program) WriteFile(name, text string) error {
	if err := checkFile(name); err != nil {
		return err
	}
	if !p.files {
		return fmt.Errorf("write %s: %s has no files of its own there: give its supervisor some", name, p.name)
	}
	root, err := os.OpenRoot(filepath.Join("/proc", strconv.Itoa(p.pid), "root", name[:len("/etc")]))
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("it has ended")
	}
	if err != nil {
		return fmt.Errorf("write %s of %s: %w", name, p.name, err)
	}
	defer root.Close()
	name = name[len("/etc/"):]
	part := name + ".part"
	if err := root.WriteFile(part, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write a file of %s: %w", p.name, err)
	}
	if err := root.Rename(part, name); err != nil {
		return fmt.Errorf("write a file of %s: %w", p.name, err)
	}
	return nil
}
