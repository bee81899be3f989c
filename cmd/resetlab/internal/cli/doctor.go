package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/evidence"
)

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say which evidence this machine gives, and how to get the rest",
		Long: `Doctor tries every lane of evidence and the private networks, and says for each
that is missing why, and what would give it. Nothing has to be there: what is
missing makes recordings say less, and specs that need it are skipped.`,
		Args: noArguments,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			given := map[evidence.Lane]bool{}
			for _, lane := range evidence.Doctor() {
				given[lane.Lane] = lane.Given
				tell(out, string(lane.Lane), lane.Gives, lane.Why)
			}
			missing, lacking := networks()
			tell(out, "networks", "hosts, routers and firewalls of one's own, for specs labelled needs:netns", missing)
			for _, feature := range lacking {
				writeWrapped(out, "               ", "without "+feature)
			}
			fmt.Fprintln(out)
			writeWrapped(out, "", verdictOn(given))
			return nil
		}),
	}
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
