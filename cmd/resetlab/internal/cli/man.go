package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/atomicfile"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man [DIR]",
		Short: "Write the manual pages",
		Long: `Man writes the manual page of resetlab to standard output or, given a directory,
a page for every command into it.`,
		Example: `  resetlab man | man -l -
  resetlab man /usr/local/share/man/man1`,
		Args: arguments(0, 1, "one directory at most"),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			header := &doc.GenManHeader{Section: "1", Source: "ResetLab", Manual: "ResetLab"}
			root := cmd.Root()
			root.DisableAutoGenTag = true // no line that says when and by what
			if len(args) == 0 {
				return doc.GenMan(root, header, cmd.OutOrStdout())
			}
			if info, err := os.Stat(args[0]); err != nil {
				return badInputf("%s: %w", args[0], terminal.Cause(err))
			} else if !info.IsDir() {
				return badInputf("%s is no directory", args[0])
			}
			return writePages(root, header, args[0])
		}),
	}
}

// writePages writes the page of a command, and those of the commands below it,
// into a directory.
func writePages(of *cobra.Command, header *doc.GenManHeader, dir string) error {
	for _, command := range of.Commands() {
		if !command.IsAvailableCommand() || command.IsAdditionalHelpTopicCommand() {
			continue
		}
		if err := writePages(command, header, dir); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, strings.ReplaceAll(of.CommandPath(), " ", "-")+"."+header.Section)
	own := *header // GenMan sets the title of the page in it
	err := atomicfile.Write(path, func(w io.Writer) error { return doc.GenMan(of, &own, w) })
	if err != nil {
		return fmt.Errorf("write the manual pages: %w", err)
	}
	return nil
}
