package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
)

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // a spec failed, or something else did while it ran
	exitUsage  = 2 // what the user gave cannot be used
	// An audit found nothing bad, and proved nothing in some cells; or a reset was
	// watched that was not expected.
	exitUnproven = 3
)

// Main runs the command line of this process and returns the exit status. In
// the child of a round it runs that and does not return.
func Main() int {
	suite.Be()
	interruptible, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Without a handler a reader that goes away would kill this process, with
	// what it has started still running.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return execute(interruptible, os.Args[1:], os.Stdout, os.Stderr)
}

// execute runs a command line until it is done or interruptible ends, and
// returns the exit status.
func execute(interruptible context.Context, args []string, stdout, stderr *os.File) int {
	ctx, cancel := context.WithCancel(interruptible)
	defer cancel()
	out := terminal.NewOutput(stdout, func(error) { cancel() }) // nobody reads what is still to come
	root := newRoot(out, stderr)
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	return conclude(stderr, command, err, out.Err(), interruptible.Err() != nil)
}

// conclude says on stderr why a command did not do all it should, and returns
// the exit status. lost is the first error of writing standard output.
func conclude(stderr io.Writer, command *cobra.Command, err, lost error, interrupted bool) int {
	var failure *failure
	switch {
	case lost != nil && terminal.Left(lost):
		return exitFailed
	case lost != nil:
		say(stderr, fmt.Errorf("write to standard output: %w", terminal.Cause(lost)))
		// What went wrong besides is news; that the command was then ended is not.
		if err != nil && !errors.Is(err, terminal.Cause(lost)) && !errors.Is(err, context.Canceled) {
			say(stderr, err)
		}
		return exitFailed
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled) && interrupted:
		say(stderr, errors.New("interrupted"))
		return exitFailed
	case errors.As(err, &failure):
		say(stderr, err)
		return failure.status
	default: // from cobra, which did not understand the arguments
		say(stderr, fmt.Errorf("%w: see '%s --help'", err, command.CommandPath()))
		return exitUsage
	}
}

// say writes an error, which may quote files and other programs.
func say(w io.Writer, err error) {
	fmt.Fprintln(w, "resetlab:", terminal.Printable(err.Error()))
}

// A failure is an error of a command that has begun, with its exit status.
type failure struct {
	error
	status int
}

// Unwrap gives errors.Is what is behind it.
func (f *failure) Unwrap() error { return f.error }

// badInput marks an error as the user's: exit status 2.
func badInput(err error) error { return &failure{err, exitUsage} }

func badInputf(format string, values ...any) error { return badInput(fmt.Errorf(format, values...)) }

// run makes the errors of a command failures, so that they can be told from
// those of cobra.
func run(do func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := do(cmd, args)
		var marked *failure
		if err == nil || errors.As(err, &marked) {
			return err
		}
		return &failure{err, exitFailed}
	}
}
