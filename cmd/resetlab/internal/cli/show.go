package cli

import (
	"io"

	"github.com/spf13/cobra"

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
cards; - is standard output.`,
		Example: `  resetlab show run.json
  resetlab show run.json --html page.html --pcap run.pcapng
  resetlab show run.json --mermaid - >> README.md`,
		Args: cobra.ExactArgs(1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if err := style.check(); err != nil {
				return err
			}
			recordings, err := openRecordings(args[0])
			if err != nil {
				return badInput(err)
			}
			forms := []form{
				{html, func(w io.Writer) error { return report.Page(w, recordings) }},
				{mermaid, each(recordings, report.Mermaid)},
				{pcap, each(recordings, report.Pcapng)},
				{asJSON, each(recordings, writeRecording)},
			}
			if written, err := writeForms(forms); written || err != nil {
				return err
			}
			return each(recordings, style.draw)(cmd.OutOrStdout())
		}),
	}
	flags := command.Flags()
	flags.StringVar(&html, "html", "", "write a page to `FILE`")
	flags.StringVar(&mermaid, "mermaid", "", "write Mermaid sequence diagrams to `FILE`")
	flags.StringVar(&pcap, "pcap", "", "write a capture for Wireshark to `FILE`")
	flags.StringVar(&asJSON, "json", "", "write the recordings to `FILE`, one behind the other")
	style.register(command)
	return command
}

// A form is a file to write and how.
type form struct {
	path string
	fill func(io.Writer) error
}

// writeForms writes those that have a path, once all can be written.
func writeForms(forms []form) (written bool, err error) {
	var outputs []*output
	for _, f := range forms {
		o, err := reserve(f.path)
		if err != nil {
			return false, err
		}
		defer o.close()
		outputs = append(outputs, o)
	}
	for i, o := range outputs {
		if err := o.write(forms[i].fill); err != nil {
			return written, err
		}
		written = written || o != nil
	}
	return written, nil
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
