package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

func newShow() *cobra.Command {
	var html, mermaid, pcap, asJSON string
	var style cardStyle
	command := &cobra.Command{
		Use:   "show RECORDING",
		Short: "Show a stored recording again",
		Long: `Show draws the cards of the recordings in a file, as 'resetlab run --json' writes
it. With --html, --mermaid, --pcap or --json it writes those in the place of the
cards; - is standard output. RECORDING - is standard input.`,
		Example: `  resetlab show run.json
  resetlab show run.json --html page.html --pcap run.pcapng
  resetlab show run.json --mermaid - >> README.md
  resetlab run quitting --json - | resetlab show - --html page.html`,
		Args: arguments(1, 1, "one file of recordings, as 'resetlab run --json FILE' writes it"),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if err := style.check(); err != nil {
				return err
			}
			recordings, err := openRecordings(args[0], cmd.InOrStdin())
			if err != nil {
				return badInput(err)
			}
			forms := outputs{
				{"--html", html, func(w io.Writer) error { return report.Page(w, recordings, report.PageOptions{About: aboutRecording}) }},
				{"--mermaid", mermaid, each(recordings, report.Mermaid)},
				{"--pcap", pcap, each(recordings, report.Pcapng)},
				{"--json", asJSON, each(recordings, writeRecording)},
			}
			if err := forms.check(args...); err != nil {
				return err
			}
			if pcap == toStdout && terminal.Is(cmd.OutOrStdout()) {
				return badInputf("--pcap -: a capture is no text for a terminal: give a file, or let a program read it")
			}
			if forms.wanted() {
				return forms.write(cmd.OutOrStdout())
			}
			return each(recordings, style.draw)(cmd.OutOrStdout())
		}),
	}
	flags := command.Flags()
	flags.StringVar(&html, "html", "", "write a page to `FILE`")
	flags.StringVar(&mermaid, "mermaid", "", "write Mermaid sequence diagrams to `FILE`")
	flags.StringVar(&pcap, "pcap", "", "write a capture for Wireshark to `FILE`")
	flags.StringVar(&asJSON, "json", "", "write the recordings to `FILE`, one behind the other")
	style.register(command, report.LeastWidth)
	return command
}

// each writes one recording after the other.
func each(all []*evidence.Recording, write func(io.Writer, *evidence.Recording) error) func(io.Writer) error {
	return func(w io.Writer) error {
		for _, r := range all {
			if err := write(w, r); err != nil {
				return err
			}
		}
		return nil
	}
}
