package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/script"
)

func newPredict() *cobra.Command {
	f := tryFlags{repeat: 1, card: "never"}
	var limits bool
	command := &cobra.Command{
		Use:   "predict SCRIPT | FILE... | DIR... | SCENARIO... | -",
		Short: "Say what Linux would do if two ends do this and that, without running it",
		Long: `Predict says what comes of each call of a script by a model of Linux: nothing is
run, so it works on every system and needs no privilege. The notation is that of
'resetlab try', which asks the kernel itself.

The model was compared with Linux 6.18 call by call. It has no time, no loss and
no sizes of buffers: where a script leaves what it covers, the answer ends with
"not modelled"; --limits lists what it leaves out, and what is known to come out
otherwise on other systems. If a line lets two waiting calls return, whose order
is the scheduler's, all ways that it can go are shown.

With --json it writes the answers besides; - is standard output.

Exit status: 0 if all is as expected, 1 if something is not, in one of the ways
that it can go, 2 if a script is wrong or leaves what is modelled.`,
		Example: `  resetlab predict 'client write "ab"; server read 1; server close; client write "c"'
  resetlab predict 'client/a read 1; client/b read 1; server write "x"'
  resetlab predict script.try --json -
  resetlab predict --limits`,
		ValidArgsFunction: completeScript,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if limits {
				return writeLimits(cmd.OutOrStdout())
			}
			t := &trial{flags: &f, cmd: cmd, out: cmd.OutOrStdout(), began: time.Now()}
			forms := t.forms()
			if forms.toStdout() {
				t.out = cmd.ErrOrStderr()
			}
			if err := forms.check(); err != nil {
				return err
			}
			all, err := readScripts(cmd, args)
			if err != nil {
				return err
			}
			t.predict(all)
			if err := forms.write(cmd.OutOrStdout()); err != nil {
				return err
			}
			return t.conclude()
		}),
	}
	command.Flags().StringVar(&f.asJSON, "json", "", "write the answers as JSON to `FILE`")
	command.Flags().BoolVar(&limits, "limits", false, "list what the model leaves out, and what is otherwise on other systems")
	return command
}

// predict asks the model, and shows what it says.
func (t *trial) predict(all []source) {
	for _, s := range all {
		one := &tried{source: s}
		for _, answer := range model.Outcomes(s.script) {
			one.add(answer)
		}
		t.tried = append(t.tried, one)
		verdict := one.verdict()
		if len(all) > 1 {
			fmt.Fprintf(t.out, "%-8s %s%s\n", words[verdict], terminal.Line(one.name()), one.ways())
		}
		if len(all) == 1 || verdict == script.Differs || verdict == script.Unjudged || len(one.answers) > 1 {
			one.write(t, len(all) > 1)
		}
	}
}

// ways says in how many ways a script can go, if in several.
func (one *tried) ways() string {
	if len(one.answers) == 1 {
		return ""
	}
	return fmt.Sprintf(": %d ways that it can go", len(one.answers))
}

// write writes all ways that a script can go.
func (one *tried) write(t *trial, indented bool) {
	indent := ""
	if indented {
		indent = "    "
	}
	for i, v := range one.answers {
		if len(one.answers) > 1 {
			fmt.Fprintf(t.out, "%sway %d of %d:\n", indent, i+1, len(one.answers))
		}
		for line := range strings.Lines(v.Answer.Text()) {
			fmt.Fprint(t.out, indent, terminal.Printable(line))
		}
	}
}
