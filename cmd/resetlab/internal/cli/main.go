package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
)

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // a spec failed, or something else did while it ran
	exitUsage  = 2 // what the user gave cannot be used
)

// Main runs the command line of this process and returns the exit status. In
// the child of a round it runs that and does not return.
func Main() int {
	suite.Be()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	root := newRoot()
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	var failure *failure
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "resetlab: interrupted")
		return exitFailed
	case errors.As(err, &failure):
		fmt.Fprintln(os.Stderr, "resetlab:", err)
		return failure.status
	default: // from cobra, which did not understand the arguments
		fmt.Fprintf(os.Stderr, "resetlab: %v\nSee '%s --help'.\n", err, command.CommandPath())
		return exitUsage
	}
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
