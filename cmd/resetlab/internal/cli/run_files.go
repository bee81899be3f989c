package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/atomicfile"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

// runFiles are the files that a run leaves: what the last round recorded.
type runFiles struct {
	html, json, pcap string
	recordings       []*evidence.Recording
}

func (f *runFiles) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.html, "html", "", "write a page with all recordings to `FILE`; - is standard output")
	flags.StringVar(&f.json, "json", "", "write the recordings to `FILE`, one behind the other, for 'resetlab show'")
	flags.StringVar(&f.pcap, "pcap", "", "write a capture of each recording into `DIR`, for Wireshark")
	noError(command.MarkFlagDirname("pcap"))
}

// outputs are the files, but for the captures.
func (f *runFiles) outputs() outputs {
	return outputs{
		{"--html", f.html, func(w io.Writer) error {
			return report.Page(w, f.recordings, report.PageOptions{About: aboutSituation})
		}},
		{"--json", f.json, each(f.recordings, writeRecording)},
	}
}

// check finds out whether the files can be written, before anything runs.
func (f *runFiles) check() error {
	if err := f.outputs().check(); err != nil {
		return err
	}
	if f.pcap == "" {
		return nil
	}
	err := os.MkdirAll(f.pcap, 0o755)
	if err == nil {
		err = atomicfile.Check(filepath.Join(f.pcap, "001.pcapng"))
	}
	if err != nil {
		return badInputf("--pcap %s: %w", f.pcap, terminal.Cause(err))
	}
	return nil
}

func (f *runFiles) keep(recordings []*evidence.Recording) { f.recordings = recordings }

// write writes the files that were asked for.
func (f *runFiles) write(stdout io.Writer) error {
	if err := f.outputs().write(stdout); err != nil || f.pcap == "" {
		return err
	}
	for i, r := range f.recordings {
		path := filepath.Join(f.pcap, captureName(i, r))
		if err := spare("--pcap", path, nil); err != nil {
			return err
		}
		if err := atomicfile.Write(path, func(w io.Writer) error { return report.Pcapng(w, r) }); err != nil {
			return fmt.Errorf("--pcap: %w", err)
		}
	}
	return nil
}

// captureName makes a file name of the scenario's sentence.
func captureName(i int, r *evidence.Recording) string {
	name := strings.Join(strings.FieldsFunc(strings.ToLower(r.Scenario), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c)
	}), "-")
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "")
	}
	return fmt.Sprintf("%03d-%s.pcapng", i+1, name)
}
