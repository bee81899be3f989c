package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

// runFiles are the files that a run leaves: what the last round recorded.
type runFiles struct {
	html, json, pcap string
	page, stored     *output
	recordings       []*evidence.Recording
}

func (f *runFiles) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.html, "html", "", "write a page with all recordings to `FILE`")
	flags.StringVar(&f.json, "json", "", "write the recordings to `FILE`, one behind the other, for 'resetlab show'")
	flags.StringVar(&f.pcap, "pcap", "", "write a capture of each recording into `DIR`, for Wireshark")
	noError(command.MarkFlagDirname("pcap"))
}

// reserve finds out whether the files can be written, before anything runs.
func (f *runFiles) reserve() (err error) {
	if f.page, err = reserve(f.html); err != nil {
		return err
	}
	if f.stored, err = reserve(f.json); err != nil {
		f.close()
		return err
	}
	if err := writableDirectory(f.pcap); err != nil {
		f.close()
		return badInput(fmt.Errorf("write the captures: %w", err))
	}
	return nil
}

// writableDirectory makes the directory if it is not there and tries it.
func writableDirectory(path string) error {
	if path == "" {
		return nil
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	trial, err := os.CreateTemp(path, ".resetlab-")
	if err != nil {
		return err
	}
	trial.Close()
	return os.Remove(trial.Name())
}

func (f *runFiles) keep(recordings []*evidence.Recording) { f.recordings = recordings }

func (f *runFiles) close() {
	f.page.close()
	f.stored.close()
}

// write writes the files that were asked for.
func (f *runFiles) write() error {
	err := f.page.write(func(w io.Writer) error { return report.Page(w, f.recordings) })
	if err != nil {
		return err
	}
	err = f.stored.write(each(f.recordings, writeRecording))
	if err != nil || f.pcap == "" {
		return err
	}
	for i, r := range f.recordings {
		if err := writeCapture(filepath.Join(f.pcap, captureName(i, r)), r); err != nil {
			return err
		}
	}
	return nil
}

func writeCapture(path string, r *evidence.Recording) error {
	file, err := reserve(path)
	if err != nil {
		return err
	}
	defer file.close()
	return file.write(func(w io.Writer) error { return report.Pcapng(w, r) })
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
