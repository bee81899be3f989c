package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// again runs the scripts of files, and again each time that one is saved, until
// the command is interrupted, which is its good end. What is wrong is said.
func (f *tryFlags) again(cmd *cobra.Command, args []string) error {
	for _, arg := range args {
		if _, err := os.Stat(arg); err != nil {
			return badInputf("--watch-file needs files or directories, and %q is none", arg)
		}
	}
	if len(args) == 0 {
		return badInputf("--watch-file needs a file or a directory")
	}
	for {
		// What is saved while the scripts run is noticed, too.
		saves, err := openSaves(args)
		if err != nil {
			return err
		}
		err = f.once(cmd, args)
		if cmd.Context().Err() != nil {
			return saves.Close()
		}
		if err != nil {
			say(cmd.ErrOrStderr(), err)
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "runs again when %s is saved; Ctrl-C ends\n", strings.Join(args, ", "))
		name, err := saves.next(cmd.Context())
		if err = errors.Join(err, saves.Close()); cmd.Context().Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("wait until a file is saved: %w", err)
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "\n── %s ──\n", name)
	}
}
