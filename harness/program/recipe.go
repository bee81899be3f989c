package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// A Recipe says how the program of a package is run as an end of a connection:
// what it is, and what it needs.
type Recipe struct {
	Name    string // by which errors and reports call it, as "sshd"
	Package string // Debian's package that has it, for who lacks it
	// Path is the program, looked up in PATH and where the programs of
	// administrators are: /usr/local/sbin, /usr/sbin, /sbin.
	Path string
	// Library is a file of the package's, by its absolute path, without which the
	// program, which may be another package's, does not run. Empty: there is none.
	Library string
	// Version are the arguments with which it tells its version. Without any it
	// cannot be asked.
	Version []string
	// AnyUser says that it needs no privilege: where this process has some it
	// runs as nobody (65534), if nobody may pass to the directory of temporary
	// files.
	AnyUser bool
	// NeverRoot says that it refuses to run as root.
	NeverRoot bool
	// Listens says that it is ready when it listens at its address. Otherwise it
	// is when it is executed.
	Listens bool
	// Says is part of a line of its output behind which it is ready, if that is
	// later than that it listens: what it sets at a listening socket it may set
	// afterwards. Empty: it is ready when it listens.
	Says string
	// Files are those of [Options].
	Files map[string]string
	// Command returns what to start. Its Args are the arguments alone, without the
	// program. It writes the files that the program needs. Nil means no arguments.
	Command func(at Place) (Command, error)
}

// A Place is where the program of a Recipe is going to run.
type Place struct {
	Dir string // its private directory
	// Address is where it is to listen; of one that does not listen, the address
	// of its host, with port 0.
	Address netip.AddrPort
	User    uint32 // who it runs as; 0 is the user of this process
}

// Write writes a file into the private directory, or below it, which belongs to
// whoever the program runs as, and returns its path.
func (p Place) Write(name, text string, mode fs.FileMode) (path string, err error) {
	path = filepath.Join(p.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		return "", err
	}
	if p.User != 0 {
		err = os.Chown(path, int(p.User), int(p.User))
	}
	return path, err
}

// nobody is the user without rights that systems agree on.
const nobody = 65534

// RunsAs says who the program is to run as: nobody (65534) where AnyUser says so;
// 0 is the user of this process.
func (r Recipe) RunsAs() (uid uint32) {
	if r.AnyUser && os.Geteuid() == 0 && passable(os.TempDir()) {
		return nobody
	}
	return 0
}

// passable says whether every user may pass through a directory and those above
// it, as a program must to reach what is its own below.
func passable(dir string) bool {
	dir, err := filepath.Abs(dir)
	for err == nil {
		var info os.FileInfo
		if info, err = os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	return err == nil
}

// Find returns the path of the program. The error wraps [ErrUnavailable] if it
// is not installed, and says what would install it, or if it would run as root and
// never does.
func (r Recipe) Find() (path string, err error) {
	if r.Path == "" {
		return "", fmt.Errorf("program: the recipe %q names no program", r.Name)
	}
	if r.NeverRoot && os.Geteuid() == 0 && r.RunsAs() == 0 {
		return "", fmt.Errorf("%s: %w: it does not run as root, and other users may not pass to %s: set TMPDIR to a directory to which they may",
			r.Name, ErrUnavailable, os.TempDir())
	}
	const missing = "%s: %w: %s is not installed: Debian's package %s has it"
	if _, err := os.Stat(r.Library); r.Library != "" && err != nil {
		return "", fmt.Errorf(missing, r.Name, ErrUnavailable, "the library "+r.Library, r.Package)
	}
	if path, err = exec.LookPath(r.Path); err == nil {
		return filepath.Abs(path)
	}
	for _, directory := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(directory, r.Path)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf(missing, r.Name, ErrUnavailable, "the program "+r.Path, r.Package)
}

// VersionOf runs the program once, with the arguments that make it tell its
// version, and returns the first version that it names, as "9.2p1" or
// "2.6.12-1+deb12u2". The error is that of Find, or says that it names none.
func (r Recipe) VersionOf(ctx context.Context) (string, error) {
	path, err := r.Find()
	if err != nil {
		return "", err
	}
	if len(r.Version) == 0 {
		return "", fmt.Errorf("%s: it has no arguments that tell its version: %w", r.Name, errors.ErrUnsupported)
	}
	ask := exec.CommandContext(ctx, path, r.Version...)
	ask.Env = append(os.Environ(), "HOME="+os.DevNull)                                     // lftp would make directories in it
	said, err := all(ask)                                                                  // some tell it among their complaints, with a status that is not 0
	found := regexp.MustCompile(`(?:\b|\bv|\bgo|_)(\d+\.\d[\w.+~:-]*)`).FindSubmatch(said) // as "2.6.12", "v1.0.6", "go1.26.8", "OpenSSH_9.2p1"
	if found == nil {
		return "", fmt.Errorf("%s: %v names no version: %.200q, %v", r.Name, ask, said, err)
	}
	return string(found[1]), nil
}

// all runs a command and returns what it says, also on its standard input, as
// daemons do that inetd(8) starts: vsftpd tells its version there.
func all(command *exec.Cmd) ([]byte, error) {
	output, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer output.Close()
	command.Stdin, command.Stdout, command.Stderr = input, input, input
	err = command.Start()
	input.Close()
	if err != nil {
		return nil, err
	}
	said, err := io.ReadAll(output)
	return said, errors.Join(err, command.Wait())
}
