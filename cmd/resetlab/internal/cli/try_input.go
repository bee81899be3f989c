package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/script"
)

// scriptSuffix is that of the files that a directory's scripts are in.
const scriptSuffix = ".try"

// longestScript bounds a file of scripts, in bytes.
const longestScript = 1 << 20

// A source is a script, and where it comes from.
type source struct {
	script script.Script
	file   string // empty: the command line
	number int    // of the script in its file, from 1; 0 if it is alone there
}

// name is what reports call the script.
func (s source) name() string {
	switch name := s.script.Name(); {
	case s.file == "" && name == "":
		return "the script"
	case s.file == "":
		return name
	case s.number == 0 && (name == "" || name == strings.TrimSuffix(filepath.Base(s.file), scriptSuffix)):
		return s.file
	case name == "":
		return fmt.Sprintf("%s, script %d", s.file, s.number)
	default:
		return s.file + ": " + name
	}
}

// readScripts reads what the arguments say: files, directories, standard input,
// scenarios or the script itself.
func readScripts(cmd *cobra.Command, args []string) ([]source, error) {
	if len(args) == 0 {
		return nil, badInputf("what is to be tried? Give a script, as in %s, or a file", commandLine("try", `server close; client read 1`))
	}
	if len(args) == 1 && args[0] == toStdout {
		return readStdin(cmd)
	}
	there, missing := 0, ""
	for _, arg := range args {
		if _, err := os.Stat(arg); err == nil {
			there++
		} else if missing == "" {
			missing = arg
		}
	}
	switch {
	case there > 0 && missing != "":
		return nil, badInputf("there is no file or directory %q", missing)
	case there == 0:
		if all, ok, err := namedScripts(args); ok || err != nil {
			return all, err
		}
		return parseScript(cmd, "", strings.Join(args, " "))
	}
	return readFiles(cmd, args)
}

func readStdin(cmd *cobra.Command) ([]source, error) {
	if terminal.Is(cmd.InOrStdin()) {
		fmt.Fprintln(cmd.ErrOrStderr(), "Type the script, then press Ctrl-D on a line of its own.")
	}
	text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), longestScript+1))
	if err != nil {
		return nil, fmt.Errorf("read the script: %w", err)
	}
	if strings.TrimSpace(string(text)) == "" {
		return nil, badInputf("standard input has no script")
	}
	return parseScript(cmd, "standard input", string(text))
}

// readFiles reads files, and those in directories.
func readFiles(cmd *cobra.Command, args []string) ([]source, error) {
	var all []source
	var wrong []error
	for _, arg := range args {
		files, err := scriptFiles(arg)
		if err != nil {
			return nil, badInput(err)
		}
		for _, file := range files {
			text, err := readBounded(file)
			if err != nil {
				return nil, badInput(err)
			}
			some, err := parseScript(cmd, file, text)
			if err != nil {
				wrong = append(wrong, err)
			}
			all = append(all, some...)
		}
	}
	if last := len(wrong) - 1; last >= 0 {
		for _, err := range wrong[:last] {
			say(cmd.ErrOrStderr(), err)
		}
		return nil, wrong[last]
	}
	return all, nil
}

// scriptFiles lists the files that an argument means, in the order of their
// names.
func scriptFiles(arg string) ([]string, error) {
	if about, err := os.Stat(arg); err != nil || !about.IsDir() {
		return []string{arg}, err
	}
	var files []string
	err := filepath.WalkDir(arg, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, scriptSuffix) {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no file *%s", arg, scriptSuffix)
	}
	slices.Sort(files)
	return files, err
}

func readBounded(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, longestScript+1))
	return string(text), err
}

// parseScript reads the scripts of a text. All that is wrong is said, on a
// terminal with the place; the last of it is the error.
func parseScript(cmd *cobra.Command, file, text string) ([]source, error) {
	all, err := script.Parse(text)
	var wrong script.Errors
	if errors.As(err, &wrong) {
		for i, one := range wrong {
			said := fmt.Errorf("%s", one)
			if file != "" {
				said = fmt.Errorf("%s, %s", file, one)
			}
			if terminal.Is(cmd.ErrOrStderr()) {
				_, place, _ := strings.Cut(one.Show(), "\n")
				fmt.Fprintln(cmd.ErrOrStderr(), terminal.Printable(place))
			}
			if i == len(wrong)-1 {
				return nil, badInput(said)
			}
			say(cmd.ErrOrStderr(), said)
		}
	}
	if err != nil {
		return nil, badInput(err)
	}
	var sources []source
	for i, s := range all {
		one := source{script: s, file: file}
		if len(all) > 1 {
			one.number = i + 1
		}
		sources = append(sources, one)
	}
	return sources, nil
}

// writeCalls lists the calls that there are, or those of some names.
func writeCalls(w io.Writer, only []string) error {
	var known []string
	for _, m := range script.Verbs() {
		known = append(known, string(m.Verb))
	}
	for _, name := range only {
		if !slices.Contains(known, name) {
			return unknown("call", name, known, "resetlab try --calls")
		}
	}
	for _, m := range script.Verbs() {
		if len(only) > 0 && !slices.Contains(only, string(m.Verb)) {
			continue
		}
		actor := m.Actor
		if actor == "" {
			actor = "NAME"
		}
		var gives []string
		for _, kind := range m.Gives {
			gives = append(gives, string(kind))
		}
		fmt.Fprintf(w, "%s %s\n    %s\n    gives %s\n", actor, m.Syntax, m.Is, strings.Join(gives, ", "))
	}
	return nil
}

// completeScript completes the last word of a script: who calls, and what.
func completeScript(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	text := strings.Join(append(slices.Clone(args), typed), " ")
	before, line := "", text
	if at := strings.LastIndexAny(text, ";\n"); at >= 0 {
		before, line = text[:at+1], text[at+1:]
	}
	fields := strings.Fields(line)
	if len(fields) > 0 && !strings.HasSuffix(line, " ") {
		fields = fields[:len(fields)-1]
	}
	names := []string{script.Client, script.Server, script.Listener, script.Network, script.Proxy, script.Wire, script.Kernel}
	if len(fields) > 1 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	if len(fields) == 1 {
		names = nil
		actor := ""
		if slices.Contains([]string{script.Network, script.Proxy, script.Wire, script.Kernel}, fields[0]) {
			actor = fields[0]
		}
		for _, m := range script.Verbs() {
			if m.Actor == actor {
				names = append(names, string(m.Verb))
			}
		}
	}
	// The word that is being typed may be all of a script in quotation marks.
	prefix := ""
	if at := strings.LastIndexAny(typed, "; \n"); at >= 0 {
		prefix = typed[:at+1]
	}
	var completed []string
	for _, name := range names {
		if strings.HasPrefix(prefix+name, typed) {
			completed = append(completed, prefix+name)
		}
	}
	if before == "" && len(fields) == 0 {
		return completed, cobra.ShellCompDirectiveDefault // or a file
	}
	return completed, cobra.ShellCompDirectiveNoFileComp
}
