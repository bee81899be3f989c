package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/script"
	scripts "github.com/resetlab/resetlab/harness/script/run"
)

func newPlay() *cobra.Command {
	var bound int
	command := &cobra.Command{
		Use:   "play [SCRIPT | FILE | SCENARIO]",
		Short: "Make the calls of two ends one by one, and see what comes of each",
		Long: `Play reads a line, makes its calls on this kernel, in a private network, and
shows what came of them: the results, the segments that went over the wire and
why a RST was sent, and in which state each end is, with what it has unread and
unacknowledged. It needs root or a user namespace. The notation is that of
'resetlab try'; with an argument the session begins with that script.

Each line runs the script from its beginning, so that undo is exact: a line that
waits for a timer waits again each time.

` + playHelp + `
Lines come from standard input, on a terminal with history and completion (Tab).
The end of input, Ctrl-D or Ctrl-C at the prompt ends it.`,
		Example: `  resetlab play
  resetlab play closing-with-unread-data/nothing-unread
  printf 'client write "ab"\nserver close\nsave closed.try\n' | resetlab play`,
		Args:              arguments(0, 1, "one script at most"),
		ValidArgsFunction: completeScript,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if bound < 1 || bound > 24*3600 {
				return badInputf("--bound %d: want 1 to 86400 seconds", bound)
			}
			begin, err := opening(cmd, args)
			if err != nil {
				return err
			}
			runner, err := scripts.New(scripts.Options{Evidence: true, Bound: time.Duration(bound) * time.Second})
			if err != nil {
				return instead(err, args)
			}
			p := &play{ctx: cmd.Context(), out: cmd.OutOrStdout(), runner: runner}
			err = p.session(newPrompt(cmd), begin)
			return errors.Join(err, runner.Close())
		}),
	}
	command.Flags().IntVar(&bound, "bound", 60, "give a run up after `SECONDS`")
	return command
}

// playHelp are the words of a session that are no calls.
const playHelp = `  undo [N]       take the last line back, or the last N
  list           the script so far
  wire           all of the wire, as 'resetlab try' draws it
  save FILE      write the script, with what came of each line as what is expected
  scenario NAME  write it as a scenario, below ./scenarios of ResetLab's source
  help [CALL]    this, and the calls
  quit
`

// opening reads the script with which a session begins.
func opening(cmd *cobra.Command, args []string) ([]string, error) {
	if len(args) == 0 {
		return nil, nil
	}
	all, err := readScripts(cmd, args)
	if err != nil {
		return nil, err
	}
	if len(all) > 1 {
		var names []string
		for _, s := range all {
			names = append(names, s.name())
		}
		return nil, badInputf("%s has %d scripts, and a session begins with one: %s", args[0], len(all), strings.Join(names, ", "))
	}
	var lines []string
	for _, line := range all[0].script.Lines {
		lines = append(lines, line.String())
	}
	return lines, nil
}

// A play is a session.
type play struct {
	ctx    context.Context
	out    io.Writer
	runner *scripts.Runner
	lines  []string       // what was typed and is right
	last   scripts.Result // of these lines
	probes int            // how many steps of that look at the ends
	wire   int            // how many segments were shown
	resets int            // how many RSTs
}

// session makes what is typed until nothing comes any more.
func (p *play) session(in prompt, begin []string) error {
	fmt.Fprintln(p.out, "Type a line, such as: client write \"ab\"   (help, undo, save FILE, quit)")
	defer in.close()
	if len(begin) > 0 {
		if err := p.add(strings.Join(begin, "\n")); err != nil {
			return err
		}
	}
	for {
		text, err := in.line()
		if errors.Is(err, io.EOF) {
			return p.ctx.Err()
		}
		if err != nil {
			return err
		}
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		if words[0] == "quit" || words[0] == "exit" {
			return nil
		}
		if err := p.do(words, text); err != nil {
			return err
		}
	}
}

// do does what one line says. What is wrong with it is said; an error ends the
// session.
func (p *play) do(words []string, text string) error {
	argument := strings.Join(words[1:], " ")
	var err error
	switch words[0] {
	case "undo":
		return p.undo(argument)
	case "list":
		for i, line := range p.lines {
			fmt.Fprintf(p.out, "%3d  %s\n", i+1, terminal.Line(line))
		}
	case "wire":
		if p.last.Recording != nil {
			return cardStyle{}.draw(p.out, p.last.Recording)
		}
		fmt.Fprintln(p.out, "nothing was on the wire yet")
	case "save":
		err = p.save(argument)
	case "scenario":
		err = p.scenario(argument)
	case "help":
		if argument == "" {
			fmt.Fprint(p.out, playHelp+"\n")
		}
		err = writeCalls(p.out, words[1:])
	default:
		return p.add(text)
	}
	if err != nil {
		fmt.Fprintln(p.out, terminal.Printable(err.Error()))
	}
	return nil
}

// undo takes lines back, and runs what is left.
func (p *play) undo(argument string) error {
	n := 1
	if argument != "" {
		if _, err := fmt.Sscanf(argument, "%d", &n); err != nil || n < 1 {
			fmt.Fprintf(p.out, "undo %s: how many lines? undo, or undo 2\n", terminal.Line(argument))
			return nil
		}
	}
	if n > len(p.lines) {
		fmt.Fprintf(p.out, "there are only %s to take back\n", counted(int64(len(p.lines)), "line"))
		return nil
	}
	taken := p.lines[len(p.lines)-n:]
	p.lines = p.lines[:len(p.lines)-n]
	for _, line := range taken {
		fmt.Fprintf(p.out, "taken back: %s\n", terminal.Line(line))
	}
	if len(p.lines) == 0 {
		p.last, p.wire, p.resets, p.probes = scripts.Result{}, 0, 0, 0
		return nil
	}
	result, probes, err := p.run(p.lines)
	if err != nil {
		return err
	}
	p.last, p.probes = result, probes
	p.wire, p.resets = len(segments(result.Recording)), len(result.Recording.Resets)
	p.ends()
	return nil
}

// add takes lines up and shows what comes of them. Lines that are wrong are not
// taken up.
func (p *play) add(text string) error {
	more, err := split(text)
	if err == nil {
		_, err = parsed(append(append([]string(nil), p.lines...), more...))
	}
	var wrong script.Errors
	if errors.As(err, &wrong) { // the place is in all that was typed, the last of which is in sight
		fmt.Fprintf(p.out, "%s\n", terminal.Printable(hinted(wrong[0])))
		return nil
	}
	if err != nil {
		fmt.Fprintln(p.out, terminal.Printable(err.Error()))
		return nil
	}
	lines := append(append([]string(nil), p.lines...), more...)
	result, probes, err := p.run(lines)
	if err != nil {
		return err
	}
	before := len(p.last.Answer.Steps) - p.probes
	if stopped := result.Answer.Stopped; stopped != "" && len(result.Answer.Steps)-probes < before+len(more) {
		fmt.Fprintf(p.out, "%s\n", terminal.Printable(stopped))
		return nil
	}
	p.lines = lines
	p.show(result, probes, max(0, before))
	return nil
}

// hinted is what is wrong with a line, without where: it is in sight.
func hinted(e *script.Error) string {
	if e.Hint == "" {
		return e.Problem
	}
	return e.Problem + ": " + e.Hint
}
