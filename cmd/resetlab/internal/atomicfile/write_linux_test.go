package atomicfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/atomicfile"
)

func TestWriteToADevice(t *testing.T) {
	if err := atomicfile.Write("/dev/full", text("x")); err == nil || err.Error() != "/dev/full: no space left on device" {
		t.Errorf("%v", err)
	}
	if err := atomicfile.Write("/dev/null", text("x")); err != nil {
		t.Error(err)
	}
}

// ownMounts gives this test a mount namespace of its own, with the thread that
// it keeps to the end.
func ownMounts(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	err := syscall.Unshare(syscall.CLONE_NEWNS)
	if err == nil {
		err = syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	}
	if err != nil {
		t.Skipf("needs a mount namespace (root): %v", err)
	}
}

// A file that is a mount point, as containers have them, cannot be replaced.
func TestWriteAMountPoint(t *testing.T) {
	ownMounts(t)
	dir := t.TempDir()
	path, other := filepath.Join(dir, "a"), filepath.Join(dir, "other")
	for _, p := range []string{path, other} {
		os.WriteFile(p, []byte("old and longer"), 0o600)
	}
	if err := syscall.Mount(other, path, "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer syscall.Unmount(path, syscall.MNT_DETACH)
	if err := atomicfile.Check(path); err != nil {
		t.Error(err)
	}
	if err := atomicfile.Write(path, text("new")); err != nil {
		t.Error(err)
	}
	if got := content(t, other); got != "new" {
		t.Errorf("%q", got)
	}
	only(t, dir, "a", "other")
}

func TestWriteWhereThereIsNoRoom(t *testing.T) {
	ownMounts(t)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	path := filepath.Join(dir, "a")
	if err := atomicfile.Write(path, text("old")); err != nil {
		t.Fatal(err)
	}
	err := atomicfile.Write(path, text(string(make([]byte, 128<<10))))
	if err == nil || err.Error() != path+": no space left on device" {
		t.Errorf("%v", err)
	}
	if got := content(t, path); got != "old" {
		t.Errorf("%q", got)
	}
	only(t, dir, "a")
}
