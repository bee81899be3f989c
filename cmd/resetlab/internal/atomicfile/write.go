package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Check says, before there is content, why path could not be written. It
// leaves nothing behind and touches no file that is there.
func Check(path string) error {
	t, err := resolve(path)
	if err != nil {
		return err
	}
	if t.device {
		return nil // opening it may wait for a reader, or have an effect
	}
	beside, err := t.create()
	if err == nil {
		return discard(beside)
	}
	if t.old == nil {
		return plain(err, path)
	}
	file, err := os.OpenFile(t.path, os.O_WRONLY, 0) // what cannot be replaced can perhaps be overwritten
	if err != nil {
		return plain(err, path)
	}
	return file.Close()
}

// Write replaces the content of path, or makes the file, with what fill
// writes. The old content stays if fill fails or there is no room for the new;
// the owner, where the system allows it, and the permissions stay in any case.
// A symbolic link stays one. What is no regular file, as a pipe or a device, is
// written to. So is a file that cannot be replaced, because it is a mount point
// or its directory is read-only, once its new content is complete elsewhere.
func Write(path string, fill func(io.Writer) error) error {
	t, err := resolve(path)
	if err != nil {
		return err
	}
	if t.device {
		return t.overwrite(fill)
	}
	file, err := t.create()
	if err != nil && t.old != nil {
		file, err = os.CreateTemp("", "resetlab-*")
	}
	if err != nil {
		return plain(err, path)
	}
	defer discard(file)
	if err := fill(file); err != nil {
		return plain(err, path)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil { // Windows renames no open file
		return plain(err, path)
	}
	return t.replaceBy(file.Name())
}

// A target is where content goes.
type target struct {
	path   string      // behind all symbolic links
	old    fs.FileInfo // nil if nothing is there
	device bool        // something is there that is no regular file
}

func resolve(path string) (target, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		real = path
		if link, err := os.Readlink(path); err == nil { // to what is not there yet
			real = link
			if !filepath.IsAbs(link) {
				real = filepath.Join(filepath.Dir(path), link)
			}
		}
		return target{path: real}, nil
	}
	if err != nil {
		return target{}, plain(err, path)
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return target{}, plain(err, path)
	case info.IsDir():
		return target{}, fmt.Errorf("%s is a directory", path)
	}
	return target{real, info, !info.Mode().IsRegular()}, nil
}

// create makes an empty file beside the target, with the permissions that the
// target has or, new, would get.
func (t target) create() (*os.File, error) {
	name := fmt.Sprintf(".%.100s-%08x", filepath.Base(t.path), rand.Uint32())
	file, err := os.OpenFile(filepath.Join(filepath.Dir(t.path), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil || t.old == nil {
		return file, err
	}
	keepOwner(file, t.old)
	if err := file.Chmod(t.old.Mode().Perm()); err != nil {
		return nil, errors.Join(err, discard(file))
	}
	return file, nil
}

// replaceBy puts a complete file in the target's place.
func (t target) replaceBy(complete string) error {
	err := os.Rename(complete, t.path)
	if err == nil {
		return nil
	}
	if t.old == nil {
		return plain(err, t.path)
	}
	file, err := os.Open(complete)
	if err != nil {
		return plain(err, t.path)
	}
	defer file.Close()
	return t.overwrite(func(w io.Writer) error {
		_, err := io.Copy(w, file)
		return err
	})
}

// overwrite fills what is there.
func (t target) overwrite(fill func(io.Writer) error) error {
	mode := os.O_WRONLY
	if !t.device {
		mode |= os.O_TRUNC
	}
	file, err := os.OpenFile(t.path, mode, 0)
	if err != nil {
		return plain(err, t.path)
	}
	err = fill(file)
	return plain(errors.Join(err, file.Close()), t.path)
}

// discard closes a file and removes it, if it has its first name still.
func discard(file *os.File) error {
	file.Close() // it may be closed
	if err := os.Remove(file.Name()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// plain names the file that the user named, and not the one beside it.
func plain(err error, path string) error {
	if err == nil {
		return nil
	}
	if of := (*fs.PathError)(nil); errors.As(err, &of) {
		err = of.Err
	} else if of := (*os.LinkError)(nil); errors.As(err, &of) {
		err = of.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
