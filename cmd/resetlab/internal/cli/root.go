package cli

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

const manual = `ResetLab reproduces every way a TCP connection dies, shows who sent the RST and
why, and puts the same faults in front of your own client.

    resetlab run closing-with-unread-data     see one, as a card
    resetlab learn                            predict first, then see
    resetlab explain ECONNRESET               what an error means
    resetlab proxy --upstream localhost:8080 --cut toward=client,after=100
    resetlab audit http -- curl -sS --retry 3 {url}

Exit status: 0 if all went well, 1 if a spec failed or something broke while
it ran, 2 if the arguments cannot be used.`

// newRoot builds the whole command line. Nothing in it is shared with another
// one, so that tests may build as many as they like.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "resetlab",
		Short:         "Reproduce, explain and survive connection resets",
		Long:          manual,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddGroup(
		&cobra.Group{ID: "see", Title: "See how connections die:"},
		&cobra.Group{ID: "understand", Title: "Understand it:"},
		&cobra.Group{ID: "use", Title: "Use it with your own programs:"},
		&cobra.Group{ID: "machine", Title: "This machine and this program:"},
	)
	root.SetHelpCommandGroupID("machine")
	root.SetCompletionCommandGroupID("machine")
	for id, commands := range map[string][]*cobra.Command{
		"see":        {newList(), newRun(), newShow()},
		"understand": {newLearn(), newExplain(), newClaims()},
		"use":        {newServe(), newProxy(), newAudit()},
		"machine":    {newDoctor(), newMan()},
	} {
		for _, command := range commands {
			command.GroupID = id
			root.AddCommand(command)
		}
	}
	return root
}

// version is that of the module, as the build recorded it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
