package cli

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

const manual = `ResetLab reproduces every way a TCP connection dies, shows who sent the RST and
why, and puts the same faults in front of your own client.

    resetlab run closing-with-unread-data     see one, as a card
    resetlab try 'server close; client read 1'   what happens if?
    resetlab play                             the same, line by line
    resetlab learn                            predict first, then see
    resetlab explain ECONNRESET               what an error means
    resetlab diagnose capture.pcap            who reset it, why, what cures it
    sudo resetlab watch                       explain this machine's resets, live
    resetlab proxy --upstream localhost:8080 --cut toward=client,after=100
    resetlab audit http -- curl -sS --retry 3 {url}

Exit status: 0 if all went well, 1 if a spec failed or something broke while
it ran, 2 if the arguments cannot be used, 3 if an audit found nothing bad and
proved nothing in some cells, or if a reset was watched that was not expected.`

// newRoot builds the whole command line. Nothing in it is shared with another
// one, so that tests may build as many as they like.
func newRoot(stdout, stderr io.Writer) *cobra.Command {
	swept := &leftovers{}
	root := &cobra.Command{
		Use:           "resetlab",
		Short:         "Reproduce, explain and survive connection resets",
		Long:          manual,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs, // RunE knows what to say of them
		RunE:          oneOfCommands("command", (*cobra.Command).Help),

		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Name() == cobra.ShellCompRequestCmd { // its words are those of a line that is not finished
				return nil
			}
			if err := refuseEmpty(cmd, args); err != nil {
				return err
			}
			swept.sweep()
			return nil
		},
		// A usage line of its own would offer to run it without a command.
		DisableFlagsInUseLine: true,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(checkFlags)
	root.AddGroup(
		&cobra.Group{ID: "see", Title: "See how connections die:"},
		&cobra.Group{ID: "understand", Title: "Understand it:"},
		&cobra.Group{ID: "use", Title: "Use it with your own programs:"},
		&cobra.Group{ID: "machine", Title: "This machine and this program:"},
	)
	root.SetHelpCommand(newHelp())
	root.SetHelpCommandGroupID("machine")
	root.SetCompletionCommandGroupID("machine")
	for id, commands := range map[string][]*cobra.Command{
		"see":        {newList(), newRun(), newShow()},
		"understand": {newTry(), newPlay(), newPredict(), newDiagnose(), newWatch(), newExplain(), newLearn(), newClaims()},
		"use":        {newServe(), newProxy(), newAudit()},
		"machine":    {newDoctor(swept), newMan()},
	} {
		for _, command := range commands {
			command.GroupID = id
			root.AddCommand(command)
		}
	}
	root.InitDefaultCompletionCmd() // now, that its commands can be told what to say
	for _, command := range root.Commands() {
		if command.Name() == "completion" {
			command.Args, command.RunE = cobra.ArbitraryArgs, oneOfCommands("shell", (*cobra.Command).Help)
			for _, shell := range command.Commands() {
				shell.Args = noArguments
			}
		}
	}
	return root
}

// newHelp is cobra's command help, but for a word that means nothing.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]...",
		Short: "Say what a command does and takes",
		Long:  "Help says what a command does, and which arguments and flags it takes.",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if of, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				return commandNames(of), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: run(func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) > 0 {
				return unknown("command", rest[0], commandNames(of), of.CommandPath()+" --help")
			}
			if err != nil {
				return badInput(err)
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		}),
	}
}

// release is the version that is being made: see CHANGELOG.md.
const release = "0.2.0"

// version is the release and, where the build recorded one, the version of the
// module that it was built from.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "v"+release {
		return fmt.Sprintf("%s, built from %s", release, info.Main.Version)
	}
	return release
}
