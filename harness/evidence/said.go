package evidence

import "fmt"

// A Line is a line that a program has said: into its log, or to its user.
type Line struct {
	Program string `json:"program"`          // its name, as "sshd"
	Stderr  bool   `json:"stderr,omitempty"` // on standard error; or else on standard output
	Text    string `json:"text"`             // without its end
	Cut     bool   `json:"cut,omitempty"`    // it was longer
}

// String quotes the line behind the name of its program, and so makes what is in
// it harmless.
func (l *Line) String() string {
	more := ""
	if l.Cut {
		more = "…"
	}
	return fmt.Sprintf("%q said %q%s", l.Program, l.Text, more)
}

// An Exit is how a program ended.
type Exit struct {
	Program string `json:"program"`
	Status  int    `json:"status"`           // its exit status; -1 if it did not exit
	Signal  string `json:"signal,omitempty"` // what ended it, as "killed"
	Error   string `json:"error,omitempty"`  // why its end is not known
}

// String says how the program ended.
func (x *Exit) String() string {
	switch {
	case x.Error != "":
		return fmt.Sprintf("%q has ended, how is not known: %q", x.Program, x.Error)
	case x.Signal != "":
		return fmt.Sprintf("%q was ended by the signal %q", x.Program, x.Signal)
	}
	return fmt.Sprintf("%q exited with status %d", x.Program, x.Status)
}
