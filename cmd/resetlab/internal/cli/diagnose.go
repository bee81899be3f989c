package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence/offline"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/report/answer"
)

// diagnoseFlags are those of the command diagnose.
type diagnoseFlags struct {
	html, mermaid, markdown, asJSON string
	summary                         bool
	connection, most                int
	only                            []string
	style                           cardStyle
}

func newDiagnose() *cobra.Command {
	var f diagnoseFlags
	command := &cobra.Command{
		Use:   "diagnose [FILE]...",
		Short: "Say of a capture or a pasted trace who sent the RST, why, and what cures it",
		Long: `Diagnose reads captures (pcap, pcapng, with gzip or not) and what tcpdump, tshark
or Wireshark printed, with whatever stands around it; which of them a FILE is, its
content tells. Without FILE, or for -, it reads standard input: end what you paste
with Ctrl-D. Nothing is run, and no privilege is needed.

It says of each connection with a RST who sent it, what decided that and how sure
it is, what else it can be and which measurement would settle it, whether data was
lost, what each end saw, and what cures it; of many, what they have in common; and
if there is no RST, how the connections ended instead. What could not be read, and
what the capture does not show, is said too.

Two captures of the same connections, taken at both ends or on both sides of a
NAT, are told apart by nothing but their content, and joined.

Of recordings, as 'resetlab watch --record' and 'resetlab run --json' write them, it
says the same, and more, for they have what the kernel told.

A text without packets is taken for an error message, as 'resetlab explain' does.

With --json, --html, --mermaid or --markdown it writes those in the place of the
cards; - is standard output. The JSON form is offline.Report of the package
harness/evidence/offline; its field version grows when a field changes its meaning.

Exit status: 0 if it could be read, whatever is in it; 1 if it is cut off or
damaged, after the answer on what comes before; 2 if there is nothing to diagnose.`,
		Example: `  resetlab diagnose capture.pcapng
  tcpdump -n -r capture.pcap host 10.0.0.5 | resetlab diagnose
  resetlab diagnose client.pcap server.pcap --summary
  resetlab diagnose capture.pcap --only 10.0.0.5:443 --markdown ticket.md
  resetlab diagnose capture.pcap --json - | jq .summary`,
		Args: cobra.ArbitraryArgs,
		RunE: run(f.run),
	}
	flags := command.Flags()
	flags.BoolVar(&f.summary, "summary", false, "the summary alone, without single connections")
	flags.IntVar(&f.connection, "connection", 0, "show connection `NUMBER` alone, of those with a RST or that ICMP ended")
	flags.IntVar(&f.most, "most", 3, "show at most `COUNT` connections one by one, of each kind one first; -1: all")
	flags.StringSliceVar(&f.only, "only", nil, "only connections of which an end is `ADDRESS`, as 10.0.0.5 or 10.0.0.5:443; several times: any")
	flags.StringVar(&f.asJSON, "json", "", "write the answer as JSON to `FILE`")
	flags.StringVar(&f.html, "html", "", "write a page to `FILE`")
	flags.StringVar(&f.mermaid, "mermaid", "", "write Mermaid sequence diagrams to `FILE`")
	flags.StringVar(&f.markdown, "markdown", "", "write Markdown for a ticket to `FILE`")
	f.style.register(command, report.LeastWidth)
	return command
}

// run reads the inputs and shows the answer.
func (f *diagnoseFlags) run(cmd *cobra.Command, args []string) error {
	only, err := f.check(args)
	if err != nil {
		return err
	}
	var answered *offline.Report
	forms := f.forms(&answered)
	if err := forms.check(args...); err != nil {
		return err
	}
	inputs, err := openInputs(cmd, args)
	if err != nil {
		return err
	}
	defer inputs.close()
	if inputs.recorded() {
		return f.recordings(cmd, inputs, only)
	}
	options := offline.Options{Only: only, Cards: f.cards()}
	answered, err = offline.Diagnose(cmd.Context(), options, inputs.all...)
	inputs.bar.finish()
	switch {
	case cmd.Context().Err() != nil:
		return cmd.Context().Err()
	case err != nil:
		return badInput(err)
	case answered.Segments == 0:
		return f.explain(cmd, answered, inputs)
	case f.connection > 0 && answered.Listed(f.connection) == nil:
		return badInputf("--connection %d: %d are listed", f.connection, len(answered.Found)+len(answered.Unreachable))
	}
	if forms.wanted() {
		err = forms.write(cmd.OutOrStdout())
	} else {
		err = answer.Text(cmd.OutOrStdout(), answered, f.options(cmd.OutOrStdout()))
	}
	if err != nil {
		return err
	}
	return unread(answered)
}

// check says which flag cannot be used, and which connections are chosen.
func (f *diagnoseFlags) check(args []string) (only func(client, server string) bool, err error) {
	if err := f.style.check(); err != nil {
		return nil, err
	}
	if f.connection < 0 {
		return nil, badInputf("--connection %d: want a number from 1 on", f.connection)
	}
	standard := 0
	for _, arg := range args {
		if arg == toStdout {
			standard++
		}
	}
	if standard > 1 {
		return nil, badInputf("-: standard input can be read once")
	}
	return chosenEnds(f.only)
}

// chosenEnds returns what chooses the connections with an end at one of some
// addresses; nil if there are none.
func chosenEnds(only []string) (func(client, server string) bool, error) {
	if len(only) == 0 {
		return nil, nil
	}
	wanted := map[string]bool{}
	for _, text := range only {
		if end, err := netip.ParseAddrPort(text); err == nil {
			wanted[end.String()] = true
		} else if address, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
			wanted[address.String()] = true
		} else {
			return nil, badInputf("--only %s: want an address, as 10.0.0.5, 10.0.0.5:443 or [2001:db8::5]:443", text)
		}
	}
	return func(client, server string) bool {
		for _, text := range []string{client, server} {
			end, err := netip.ParseAddrPort(text)
			if wanted[text] || err == nil && wanted[end.Addr().String()] {
				return true
			}
		}
		return false
	}, nil
}

// cards is how many connections are to have a card.
func (f *diagnoseFlags) cards() int {
	if f.most < 0 || f.connection > 0 {
		return max(20, 1000)
	}
	return max(20, f.most)
}

// options are those of a form that goes to w.
func (f *diagnoseFlags) options(w io.Writer) answer.Options {
	o := answer.Options{Summary: f.summary, Most: f.most, Number: f.connection,
		Run: func(scenario string) string { return commandLine("run", scenario) }}
	if f.most == 0 {
		o.Summary = true
	}
	if w != nil {
		o.Card = f.style.options(w)
	}
	return o
}

// forms are the files that are asked for, of a report that comes later.
func (f *diagnoseFlags) forms(of **offline.Report) outputs {
	as := func(write func(io.Writer, *offline.Report, answer.Options) error) func(io.Writer) error {
		return func(w io.Writer) error { return write(w, *of, f.options(nil)) }
	}
	return outputs{
		{"--html", f.html, as(answer.Page)},
		{"--mermaid", f.mermaid, as(answer.Mermaid)},
		{"--markdown", f.markdown, as(answer.Markdown)},
		{"--json", f.asJSON, func(w io.Writer) error { return (*of).Write(w) }},
	}
}

// explain answers a text that has no packets as the command explain does.
func (f *diagnoseFlags) explain(cmd *cobra.Command, r *offline.Report, in *diagnoseInputs) error {
	text := in.begin.String()
	if len(in.all) == 1 && r.Inputs[0].Kind == offline.KindTrace && len(causes.Search(text)) > 0 {
		if f.asJSON != "" || f.html != "" || f.mermaid != "" || f.markdown != "" {
			return badInputf("%s has no packet, but an error message: 'resetlab explain' tells of it, in this one form", in.all[0].Name)
		}
		phraseTopic{causes.Search(text)}.write(cmd.OutOrStdout(), false)
		return nil
	}
	var had []string
	for _, input := range r.Inputs {
		what := "nothing in it is a TCP segment"
		if input.Kind == offline.KindTrace {
			what = "it is no capture, and no line of it is a TCP segment that tcpdump or tshark printed"
		}
		if len(input.Omissions) > 0 {
			what += fmt.Sprintf("; the most frequent thing in it: %s", input.Omissions[0].What)
		}
		had = append(had, input.Name+": "+what)
	}
	return badInput(errors.New(strings.Join(had, "; ")))
}

// unread says what of the inputs could not be read.
func unread(r *offline.Report) error {
	var failed []error
	for _, in := range r.Inputs {
		if in.Error != "" {
			failed = append(failed, fmt.Errorf("%s: %s: the answer is on what comes before", in.Name, in.Error))
		}
	}
	return errors.Join(failed...)
}

// diagnoseInputs are what is read.
type diagnoseInputs struct {
	all   []offline.Input
	files []*os.File
	begin *beginning // of the first
	bar   byteProgress
}

// openInputs opens the files, or standard input if there are none.
func openInputs(cmd *cobra.Command, args []string) (*diagnoseInputs, error) {
	if len(args) == 0 {
		args = []string{toStdout}
	}
	in := &diagnoseInputs{}
	size := int64(0)
	for _, arg := range args {
		if arg == toStdout {
			if terminal.Is(cmd.InOrStdin()) {
				fmt.Fprintln(cmd.ErrOrStderr(), "Paste the text, then press Ctrl-D on a line of its own.")
			}
			in.all = append(in.all, offline.Input{Name: "standard input", Reader: cmd.InOrStdin()})
			continue
		}
		file, err := os.Open(arg)
		if err != nil {
			in.close()
			return nil, badInput(err)
		}
		in.files = append(in.files, file)
		if about, err := file.Stat(); err == nil && about.IsDir() {
			in.close()
			return nil, badInputf("%s is a directory: give the files in it", arg)
		} else if err == nil {
			size += about.Size()
		}
		in.all = append(in.all, offline.Input{Name: arg, Reader: file})
	}
	in.bar = newByteProgress(cmd.ErrOrStderr(), size, "reading")
	in.begin = &beginning{}
	for i := range in.all {
		counted := io.TeeReader(in.all[i].Reader, in.bar)
		in.all[i].Reader = io.TeeReader(counted, in.begin)
	}
	return in, nil
}

func (in *diagnoseInputs) close() {
	for _, file := range in.files {
		file.Close() // it was read only
	}
}

// A beginning keeps the beginning of what is written to it.
type beginning struct{ bytes.Buffer }

func (b *beginning) Write(text []byte) (int, error) {
	if room := mostPasted - b.Len(); room > 0 {
		b.Buffer.Write(text[:min(room, len(text))])
	}
	return len(text), nil
}
