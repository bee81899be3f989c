package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commandLine writes a command of this program so that a shell runs it as it
// stands: under the name by which the program was started, quoted where shells
// see more than a word.
func commandLine(words ...string) string {
	line := program()
	for _, word := range words {
		line += " " + shellWord(word)
	}
	return line
}

// program is how this program can be started once more. What "go run" has built
// is gone by then.
func program() string {
	name := os.Args[0]
	switch {
	case strings.Contains(name, string(filepath.Separator)+"go-build"):
		return "go run github.com/resetlab/resetlab/cmd/resetlab"
	case strings.ContainsRune(name, filepath.Separator):
		return shellWord(name)
	}
	return "resetlab"
}

// shellWord quotes a word unless it consists of what POSIX shells take as it is.
// Braces are that, but for a comma or dots between them.
func shellWord(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%{}"
	special := strings.IndexFunc(word, func(r rune) bool { return !strings.ContainsRune(plain, r) }) >= 0
	expands := strings.Contains(word, "{") && (strings.Contains(word, ",") || strings.Contains(word, ".."))
	if word != "" && !special && !expands {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// again writes the command that is being run with other flags: without those
// that are dropped, and with what is added, and with the same arguments.
func again(cmd *cobra.Command, arguments, dropped []string, added ...string) string {
	words := strings.Fields(cmd.CommandPath())[1:]
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if slices.Contains(dropped, f.Name) {
			return
		}
		if several, ok := f.Value.(pflag.SliceValue); ok {
			for _, value := range several.GetSlice() {
				words = append(words, "--"+f.Name, value)
			}
			return
		}
		switch value := f.Value.String(); {
		case f.NoOptDefVal == "":
			words = append(words, "--"+f.Name, value)
		case value == f.NoOptDefVal:
			words = append(words, "--"+f.Name)
		default: // it is no word of its own
			words = append(words, "--"+f.Name+"="+value)
		}
	})
	words = append(words, added...)
	if len(arguments) > 0 {
		words = append(append(words, "--"), arguments...)
	}
	return commandLine(words...)
}
