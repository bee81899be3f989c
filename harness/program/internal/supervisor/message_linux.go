package supervisor

import "syscall"

// Variable tells a re-executed binary that it is a supervisor. Its value has
// the Options.
const Variable = "RESETLAB_SUPERVISOR"

// Name is the supervisor's, as ps(1) shows it.
const Name = "resetlab-supervisor"

// Control is the supervisor's descriptor of the control socket.
const Control = 3

// Options say what sort of supervisor a process is.
type Options struct {
	// Init says that it was started in a PID, a mount, an IPC and perhaps a user
	// namespace of its own. Otherwise it becomes a sub-reaper.
	Init bool
	// Map says that the user namespace is new: UID and GID are mapped in it.
	Map      bool
	UID, GID int
	// User is who programs run as, and who owns the directory; 0 is whoever the
	// supervisor is.
	User uint32
	// Temporary is where the private directory is made; empty: there is none.
	Temporary string
	// Files are what programs find below /etc and /run, by path. With any, the
	// supervisor was started in a mount namespace of its own.
	Files map[string]string `json:",omitempty"`
}

// A Program is what a Start hands over as a file: the first of its descriptors.
// The others are the program's, from its standard input on.
type Program struct {
	Path      string
	Args, Env []string // Args has the name of the program, too
	Dir       string   // empty: where the supervisor was started
}

// A Request is what the parent asks for. It has one of its fields but ID.
type Request struct {
	ID     int            `json:",omitempty"` // of the program; the parent chooses it
	Start  bool           `json:",omitempty"`
	Signal syscall.Signal `json:",omitempty"`
	Stop   *Stop          `json:",omitempty"`
	// Pause stops the processes of the program for a time, as job control does,
	// and Resume lets them go on.
	Pause, Resume bool `json:",omitempty"`
	// Holds asks whether a process of the program has the socket of this inode.
	Holds uint32 `json:",omitempty"`
}

// Stop ends a program and what it has started.
type Stop struct {
	// Grace is how long the program may live on after a SIGTERM, in
	// nanoseconds, and then again how long its descendants may.
	Grace int64
}

// A Reply is what the supervisor tells. It has one of its fields but ID.
type Reply struct {
	ID      int      `json:",omitempty"`
	Ready   *Ready   `json:",omitempty"`
	Started *Started `json:",omitempty"`
	Exited  *Exited  `json:",omitempty"`
	Stopped *Stopped `json:",omitempty"`
	// Paused says that none of the program's processes runs, or why not.
	Paused *Failure `json:",omitempty"`
	Holds  *bool    `json:",omitempty"`
	// Empty says that no process is left of the programs started so far, and
	// which the last of them was.
	Empty  int      `json:",omitempty"`
	Closed *Failure `json:",omitempty"` // the last one
}

// Ready is the first reply.
type Ready struct {
	Failure
	Directory string
}

// Started is what a Start came to. A pidfd comes with it, if it came to
// something and the kernel has such (5.3).
type Started struct {
	Failure
	PID int // as the supervisor sees it
}

// A Failure is an error and the errno behind it; the zero Failure is none.
type Failure struct {
	Error string
	Errno syscall.Errno
}

// Exited is how a program ended.
type Exited struct {
	Code   int
	Signal syscall.Signal // 0 if it exited
}

// Stopped is what a Stop came to.
type Stopped struct {
	Killed int // processes that were killed, the program included
	Left   int // processes that could not be
}
