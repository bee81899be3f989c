package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
)

// A prompt is where the lines of a session come from. The end of input is io.EOF.
type prompt interface {
	line() (string, error)
	close()
}

// newPrompt reads from a terminal with history and completion, and else line by
// line.
func newPrompt(cmd *cobra.Command) prompt {
	file, ok := cmd.InOrStdin().(*os.File)
	if !ok || !terminal.Is(cmd.InOrStdin()) || !terminal.Is(cmd.OutOrStdout()) {
		input := bufio.NewScanner(cmd.InOrStdin())
		input.Buffer(nil, longestScript)
		return &plainPrompt{input, cmd.OutOrStdout(), cmd.Context().Done()}
	}
	p := &richPrompt{file: file}
	p.terminal = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{file, cmd.OutOrStdout()}, "> ")
	p.terminal.AutoCompleteCallback = completeAtTab
	return p
}

// A plainPrompt reads lines from a pipe or a file, and shows them beside what
// comes of them.
type plainPrompt struct {
	input *bufio.Scanner
	out   io.Writer
	over  <-chan struct{}
}

func (p *plainPrompt) line() (string, error) {
	read := make(chan bool, 1)
	go func() { read <- p.input.Scan() }() // it may wait for ever, and ends with the process then
	select {
	case <-p.over:
		return "", io.EOF
	case more := <-read:
		if !more && p.input.Err() != nil {
			return "", p.input.Err()
		}
		if !more {
			return "", io.EOF
		}
	}
	fmt.Fprintf(p.out, "> %s\n", terminal.Line(p.input.Text()))
	return p.input.Text(), nil
}

func (p *plainPrompt) close() {}

// A richPrompt edits lines on a terminal, which is raw only meanwhile: while a
// script runs Ctrl-C is the signal that it is elsewhere.
type richPrompt struct {
	file     *os.File
	terminal *term.Terminal
}

func (p *richPrompt) line() (string, error) {
	before, err := term.MakeRaw(int(p.file.Fd()))
	if err != nil {
		return "", fmt.Errorf("make the terminal raw: %w", err)
	}
	if width, height, err := term.GetSize(int(p.file.Fd())); err == nil && width > 0 {
		_ = p.terminal.SetSize(width, height)
	}
	text, err := p.terminal.ReadLine()
	if restored := term.Restore(int(p.file.Fd()), before); restored != nil && err == nil {
		err = restored
	}
	return text, err
}

func (p *richPrompt) close() { fmt.Fprintln(p.file) }

// completeAtTab completes the word before the cursor as far as all that it can be
// agree.
func completeAtTab(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' || pos != len(line) {
		return line, pos, key == '\t'
	}
	all, _ := completeScript(nil, nil, line)
	if !strings.ContainsAny(line, " ;") {
		for _, word := range []string{"undo", "list", "wire", "save", "scenario", "help", "quit"} {
			if strings.HasPrefix(word, line) {
				all = append(all, word)
			}
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, line) })
	if len(all) == 0 {
		return line, pos, true
	}
	common := all[0]
	for _, other := range all[1:] {
		for !strings.HasPrefix(other, common) {
			common = common[:len(common)-1]
		}
	}
	if len(all) == 1 {
		common += " "
	}
	return common, len(common), true
}
