package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man [DIR]",
		Short: "Write the manual pages",
		Long: `Man writes the manual page of resetlab to standard output or, given a directory,
a page for every command into it.`,
		Example: `  resetlab man | man -l -
  resetlab man /usr/local/share/man/man1`,
		Args: cobra.MaximumNArgs(1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			header := &doc.GenManHeader{Section: "1", Source: "ResetLab", Manual: "ResetLab"}
			root := cmd.Root()
			root.DisableAutoGenTag = true // no line that says when and by what
			if len(args) == 0 {
				return doc.GenMan(root, header, cmd.OutOrStdout())
			}
			if info, err := os.Stat(args[0]); err != nil {
				return badInput(err)
			} else if !info.IsDir() {
				return badInputf("%s is no directory", args[0])
			}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("write the manual pages: %w", err)
			}
			return nil
		}),
	}
}
