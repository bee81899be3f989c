package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// checkFlags says which flag cannot be read. What the packages cobra and pflag
// say themselves has Go's words in it.
func checkFlags(cmd *cobra.Command, err error) error {
	var (
		unusable *pflag.InvalidValueError
		missing  *pflag.ValueRequiredError
		unheard  *pflag.NotExistError
	)
	switch {
	case errors.As(err, &unusable):
		flag := unusable.GetFlag()
		return badInputf("--%s %q: want %s", flag.Name, unusable.GetValue(), wanted(flag, err))
	case errors.As(err, &missing):
		flag := missing.GetFlag()
		name, _ := pflag.UnquoteUsage(flag)
		return badInputf("--%s lacks its %s: see '%s --help'", flag.Name, name, cmd.CommandPath())
	case errors.As(err, &unheard) && unheard.GetSpecifiedShortnames() != "":
		return badInputf("there is no flag -%s: %s", unheard.GetSpecifiedName(), see(cmd))
	case errors.As(err, &unheard):
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		return unknown("flag", "--"+unheard.GetSpecifiedName(), names, cmd.CommandPath()+" --help")
	}
	return badInputf("%w: %s", err, see(cmd))
}

// see says where the flags of a command are, and for an audit where those of
// the client's command belong.
func see(cmd *cobra.Command) string {
	text := fmt.Sprintf("see '%s --help'", cmd.CommandPath())
	if cmd.Annotations[behindDashes] != "" {
		text += "; the client's command, with flags of its own, comes behind --"
	}
	return text
}

// behindDashes annotates the commands that are given a command.
const behindDashes = "behind dashes"

// wanted says what values a flag takes that refused one.
func wanted(flag *pflag.Flag, refused error) string {
	large := errors.Is(refused, strconv.ErrRange)
	switch kind := flag.Value.Type(); {
	case large && kind == "uint64":
		return "a whole number from 0 to 18446744073709551615"
	case large:
		return "a whole number with 18 digits at most"
	case kind == "int" || kind == "int64":
		return "a whole number"
	case kind == "uint64":
		return "a whole number, 0 or more"
	case kind == "bool":
		return "true or false, or nothing"
	case kind == "duration":
		return "a time, as 60s"
	case kind == "intSlice":
		return "whole numbers with commas between"
	case kind == "stringSlice":
		return "words with commas between, and no quotes"
	}
	return "something else"
}

// refuseEmpty says which flag or argument is empty, as one is if a shell's
// variable is: what was meant by it is not known.
func refuseEmpty(cmd *cobra.Command, args []string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if text := f.Value.String(); text == "" || text == "[]" {
			err = badInputf("--%s is empty: give it a value, or leave it out", f.Name)
		}
	})
	if at := cmd.ArgsLenAtDash(); at >= 0 {
		args = args[:at]
	}
	for i, arg := range args {
		if arg == "" && err == nil {
			err = badInputf("argument %d of '%s' is empty", i+1, cmd.CommandPath())
		}
	}
	return err
}

// arguments refuses fewer than least arguments and more than most of them;
// wanted says in words what they are.
func arguments(least, most int, wanted string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > most && most == 0:
			return badInputf("%q is too much: '%s' takes no arguments", args[0], cmd.CommandPath())
		case len(args) > most:
			return badInputf("%q is too much: want %s", args[most], wanted)
		case len(args) < least:
			return badInputf("want %s: see '%s --help'", wanted, cmd.CommandPath())
		}
		return nil
	}
}

// noArguments refuses all.
func noArguments(cmd *cobra.Command, args []string) error { return arguments(0, 0, "")(cmd, args) }

// oneOfCommands is for a command that only has others: without arguments it
// does what bare does, and none is good.
func oneOfCommands(kind string, bare func(*cobra.Command) error) func(*cobra.Command, []string) error {
	return run(func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return bare(cmd)
		}
		return unknown(kind, args[0], commandNames(cmd), cmd.CommandPath()+" --help")
	})
}

// commandNames lists the commands of a command.
func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}
