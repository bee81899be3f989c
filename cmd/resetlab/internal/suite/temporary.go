package suite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// temporary makes a directory for what a round records.
func temporary() (string, error) {
	directory, err := os.MkdirTemp("", "resetlab-round-")
	if of := (*fs.PathError)(nil); errors.As(err, &of) {
		return "", fmt.Errorf("%s takes no temporary files: %w: set TMPDIR to a directory that does, such as /dev/shm",
			os.TempDir(), of.Err)
	}
	return directory, err
}

// CheckTemporary says, before anything is started, why nothing could be
// recorded: recordings go through temporary files.
func CheckTemporary() error {
	directory, err := temporary()
	if err != nil {
		return err
	}
	return os.Remove(directory)
}
