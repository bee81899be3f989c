package program

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// ErrUnavailable says that this system or this user cannot do what was asked
// for; the text says what it takes.
var ErrUnavailable = errors.New("not available here")

// Options are what the programs of a [Supervisor] have in common. The zero
// Options run them as this user, beside this process.
type Options struct {
	// User is the uid and the gid that programs run as; it takes root. Zero
	// means those of this process.
	User uint32
	// Namespace is where they run. Nil means where this process is.
	Namespace Namespace
	// SamePIDs keeps the process ids of the programs those that this process
	// sees, so without a PID namespace: for who compares them with traces of the
	// kernel, or names things of the machine by them.
	SamePIDs bool
	// NoDir makes no private directory: every command says where it starts.
	NoDir bool
	// Files are what programs find below /etc and /run in the place of what the
	// machine has there, by path; a path with a slash at its end is an empty
	// directory. With a file below it, /etc is a copy of the machine's, as it is
	// when the supervisor starts, and /run is empty but for these. Nobody else
	// sees them: they are in memory, in a mount namespace of the programs'. That
	// takes root. They may have 64 KiB in all. See [Program.WriteFile].
	Files map[string]string
}

// mostFiles bounds the Files, which go through an environment variable.
const mostFiles = 64 << 10

// checkFiles says which file cannot be one of Files.
func (o Options) checkFiles() error {
	size := 0
	for name, text := range o.Files {
		if err := checkFile(name); err != nil {
			return err
		}
		if strings.HasSuffix(name, "/") && text != "" {
			return fmt.Errorf("program: the file %s is a directory by its name, and has a text", name)
		}
		size += len(name) + len(text)
	}
	if size > mostFiles {
		return fmt.Errorf("program: the files below /etc and /run have %d bytes: at most %d fit", size, mostFiles)
	}
	return nil
}

func checkFile(name string) error {
	whole := strings.TrimSuffix(name, "/")
	below := strings.HasPrefix(whole, "/etc/") || strings.HasPrefix(whole, "/run/")
	if !below || path.Clean(whole) != whole {
		return fmt.Errorf("program: the file %q: allowed are plain paths below /etc and /run", name)
	}
	return nil
}

// temporary is where the private directory is made; empty: there is none.
func (o Options) temporary() string {
	if o.NoDir {
		return ""
	}
	return os.TempDir()
}

// A Namespace is where programs can run apart from this process, as on a host
// of a private network.
type Namespace interface {
	// Fork executes the running binary again in the namespace, with this
	// environment, in new namespaces as clone(2)'s flags say, and with control
	// as its descriptor 3. It returns a function that returns when that process
	// has ended.
	Fork(name string, env []string, flags uintptr, control *os.File) (wait func(), err error)
	// Socket opens a socket in the namespace, as socket(2) does.
	Socket(family, kind, protocol int) (fd int, err error)
}

// A Command is a program to start.
type Command struct {
	// Args are the program, looked up in PATH, and its arguments.
	Args []string
	// Env is its environment; of two of a name the last one counts. Nil means
	// that of this process, without the directories of its user
	// (XDG_CONFIG_HOME and so on). TMPDIR and HOME are the private directory, if
	// there is one, unless Env names them: in those of this process another user
	// may not write, and what is left there stays.
	Env []string
	// Dir is where it starts; "." is where this process was when it started the
	// supervisor, be that to be found by a path or not. Empty means the private
	// directory, or an error if there is none.
	Dir string
	// Stdin is its standard input. Nil means /dev/null.
	Stdin *os.File
	// Stdout and Stderr get its output. An *os.File is handed over to it. Nil
	// means that the output is kept as lines: see [Program.Lines].
	Stdout, Stderr io.Writer
	// Files are its further descriptors, from 3 on.
	Files []*os.File
}

// resolved is the command with all that it takes from this process, and the
// private directory.
func (c Command) resolved(private string) (path string, _ Command, err error) {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return "", c, errors.New("program: no program is given")
	}
	if slices.Contains(c.Files, nil) {
		return "", c, errors.New("program: a file to hand over is nil")
	}
	if path, err = exec.LookPath(c.Args[0]); err != nil {
		return "", c, fmt.Errorf("program: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", c, fmt.Errorf("program: %w", err)
	}
	if c.Dir == "" && private == "" {
		return "", c, errors.New("program: there is no private directory: say where it is to start")
	}
	if c.Dir == "" {
		c.Dir = private
	}
	if c.Dir == "." {
		c.Dir = ""
	} else if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return "", c, fmt.Errorf("program: %w", err)
	}
	if private != "" {
		c.Env = within(private, c.Env)
	}
	like := exec.Cmd{Env: c.Env, Dir: c.Dir} // the last one of a name, and PWD
	c.Env = like.Environ()
	return path, c, nil
}

// within is the environment of a program that has a private directory, as
// [Command.Env] says.
func within(private string, env []string) []string {
	own := []string{"TMPDIR=" + private, "HOME=" + private}
	if env != nil {
		return append(own, env...)
	}
	// By default they are below HOME (XDG Base Directory Specification).
	inherited := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "XDG_") })
	return append(inherited, own...)
}

// An ExitError is how a program ended that did not exit with status 0.
type ExitError struct {
	Code   int            // its exit status, -1 if a signal ended it
	Signal syscall.Signal // that signal, or 0
}

// Error says it as os/exec does.
func (e *ExitError) Error() string {
	if e.Signal != 0 {
		return "signal: " + e.Signal.String()
	}
	return fmt.Sprintf("exit status %d", e.Code)
}
