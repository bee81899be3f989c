package cli

import (
	"io"

	"github.com/spf13/cobra"
)

// Execute runs a command line.
var Execute = execute

// Commands lists the commands, and those below them.
func Commands() []*cobra.Command {
	var all []*cobra.Command
	todo := newRoot(io.Discard, io.Discard).Commands()
	for len(todo) > 0 {
		all = append(all, todo[0])
		todo = append(todo[1:], todo[0].Commands()...)
	}
	return all
}

// CommandLine is commandLine for tests.
var CommandLine = commandLine

// What reads what the user gives.
var (
	ParseListen    = parseListen
	ParseBudget    = parseBudget
	ReadRecordings = readRecordings
)
