package supervisor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownFiles gives this process's mount namespace an /etc and a /run in which the
// files are, if there are some below it. The directories are replaced, not the
// files: a mount on a file is lost when somebody renames another one to its
// name.
func ownFiles(files map[string]string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return os.NewSyscallError("mount", err)
	}
	names := slices.Sorted(maps.Keys(files))
	for _, top := range []struct {
		name   string
		copied bool
	}{{"/etc", true}, {"/run", false}} {
		if !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, top.name+"/") }) {
			continue
		}
		if err := cover(top.name, top.copied); err != nil {
			return fmt.Errorf("make a private %s: %w", top.name, err)
		}
	}
	for _, name := range names {
		if err := put(name, files[name]); err != nil {
			return err
		}
	}
	return nil
}

// cover mounts a directory in memory over one of the machine's, empty or with a
// copy of what is there. It is gone when the mount namespace is.
func cover(directory string, copied bool) error {
	machine, err := os.OpenRoot(directory)
	if err != nil {
		return err
	}
	defer machine.Close()
	const flags = unix.MS_NOSUID | unix.MS_NODEV
	if err := unix.Mount("private", directory, "tmpfs", flags, "mode=0755"); err != nil {
		return os.NewSyscallError("mount", err)
	}
	if !copied {
		return nil
	}
	return fs.WalkDir(machine.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		err = copyOne(machine, name, filepath.Join(directory, name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // somebody has removed it meanwhile
		}
		return err
	})
}

// copyOne copies a directory without what is in it, a file or a symbolic link,
// with its mode and its owner. Sockets and the like are left out.
func copyOne(machine *os.Root, name, to string) error {
	about, err := machine.Lstat(name)
	if err != nil {
		return err
	}
	switch about.Mode().Type() {
	case fs.ModeDir:
		err = os.Mkdir(to, 0o700)
	case fs.ModeSymlink:
		return copyLink(machine, name, to)
	case 0:
		err = copyText(machine, name, to)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	owner := about.Sys().(*syscall.Stat_t)
	return errors.Join(os.Chown(to, int(owner.Uid), int(owner.Gid)), os.Chmod(to, about.Mode()))
}

func copyLink(machine *os.Root, name, to string) error {
	target, err := machine.Readlink(name)
	if err != nil {
		return err
	}
	return os.Symlink(target, to)
}

func copyText(machine *os.Root, name, to string) error {
	from, err := machine.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	return errors.Join(err, file.Close())
}

// put writes a file, or makes a directory where the name ends with a slash, and
// the directories above.
func put(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil || strings.HasSuffix(name, "/") {
		return err
	}
	os.Remove(name) // so that a symbolic link is replaced, not followed
	return os.WriteFile(name, []byte(text), 0o644)
}
