package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/watch"
)

// leftovers are what killed runs have left on this machine. Every command
// removes them when it starts.
type leftovers struct {
	removed []string
	err     error
}

func (l *leftovers) sweep() { l.removed, l.err = capture.Sweep() }

// tell says what was there.
func (l *leftovers) tell(out io.Writer) {
	for _, name := range l.removed {
		writeWrapped(out, "               ", "removed the trace instance "+name+", which a run that was killed had left")
	}
	if l.err != nil {
		writeWrapped(out, "               ", "whether killed runs have left trace instances is not known: "+l.err.Error())
	}
}

func newDoctor(left *leftovers) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say which evidence this machine gives, and how to get the rest",
		Long: `Doctor tries every lane of evidence and the private networks, and says for each
that is missing why, and what would give it. Nothing has to be there: what is
missing makes recordings say less, and specs that need it are skipped.

What runs that were killed have left in the kernel, trace instances, every
command removes when it starts; Doctor names what it has removed.`,
		Args: noArguments,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			given := map[evidence.Lane]bool{}
			for _, lane := range capture.Doctor() {
				given[lane.Lane] = lane.Given
				tell(out, string(lane.Lane), lane.Gives, lane.Why)
				if lane.Lane == evidence.Kernel && lane.Given {
					left.tell(out)
				}
			}
			watching(out)
			missing, lacking := networks()
			tell(out, "networks", "hosts, routers and firewalls of one's own, for specs labelled needs:netns", missing)
			for _, feature := range lacking {
				writeWrapped(out, "               ", "without "+feature)
			}
			tell(out, "files", "a directory for temporary files, "+os.TempDir(), reason(suite.CheckTemporary()))
			fmt.Fprintln(out)
			writeWrapped(out, "", verdictOn(given))
			return nil
		}),
	}
}

// watching says by which source 'resetlab watch' would watch.
func watching(out io.Writer) {
	w, err := watch.Open(watch.Options{})
	if err != nil {
		tell(out, "watch", "the resets of this machine, as they happen", terminal.Printable(err.Error()))
		return
	}
	tell(out, "watch", "the resets of this machine, as they happen, by the source "+w.Source(), reason(w.Close()))
	for _, lack := range w.Lacks() {
		writeWrapped(out, "               ", terminal.Printable(lack))
	}
}

// reason is the text of an error, empty if there is none.
func reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// tell writes what something gives or, if there is a why, why it is missing.
func tell(out io.Writer, name, gives, why string) {
	if why == "" {
		writeWrapped(out, fmt.Sprintf("%-9s yes  ", name), gives)
		return
	}
	writeWrapped(out, fmt.Sprintf("%-9s NO   ", name), gives)
	writeWrapped(out, "               ", why)
}

// verdictOn says what recordings made here are worth.
func verdictOn(given map[evidence.Lane]bool) string {
	const begin = "Recordings made here are "
	switch {
	case given[evidence.Kernel]:
		return begin + string(evidence.Observed) + ": the kernel itself says who sent each RST, and why."
	case given[evidence.Wire]:
		return begin + string(evidence.Inferred) +
			": who sent a RST and why is worked out from the segments and the kernel's counters."
	}
	return begin + string(evidence.AppOnly) + ": what both ends called and got, and nothing of what was between them."
}
