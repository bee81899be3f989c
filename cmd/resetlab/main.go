// The command resetlab reproduces, explains and injects connection resets.
// "resetlab help" says how.
package main

import (
	"os"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/cli"
)

func main() { os.Exit(cli.Main()) }
