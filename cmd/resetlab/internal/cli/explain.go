package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/tcp"
)

// explainFlags are those of the command explain.
type explainFlags struct {
	all   bool
	run   string // the cause whose scenario is run, or likeliest
	style cardStyle
}

// likeliest is the cause that --run takes if none is named: the first.
const likeliest = "first"

func newExplain() *cobra.Command {
	var f explainFlags
	command := &cobra.Command{
		Use:   "explain TEXT... | -",
		Short: "Say what an error means, what it can be, and what cures that",
		Long: `Explain finds the error in what you paste: a line of a log, an exception, an error
number, one of the kernel's reasons for a RST, or the name of a cause. It says
what is sure, what else it can be, what tells those apart and what cures each.
Nothing is run for that, unless you want to see it happen: --run.

Quotation marks and brackets confuse shells: with - the text comes from standard
input. Status 2 says that nothing in the text is known; the nearest phrases that
are follow.`,
		Example: `  resetlab explain ECONNRESET
  resetlab explain 'curl: (56) Recv failure: Connection reset by peer'
  journalctl -u shop -n 1 | resetlab explain -
  resetlab explain TCP_ABORT_ON_CLOSE
  resetlab explain broken pipe --run`,
		ValidArgsFunction: completeTerms,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if err := f.style.check(); err != nil {
				return err
			}
			text, err := pastedText(cmd.InOrStdin(), args)
			if err != nil {
				return err
			}
			t, err := findTopic(text)
			if err != nil {
				return err
			}
			scenario, err := f.scenario(t)
			if err != nil {
				return err
			}
			t.write(cmd.OutOrStdout(), f.all)
			if scenario == "" {
				return nil
			}
			return f.show(cmd, scenario)
		}),
	}
	flags := command.Flags()
	flags.BoolVar(&f.all, "all", false, "every cause in full, however many there are")
	flags.StringVar(&f.run, "run", "", "run the scenario that shows it: of the first cause, or of `CAUSE`")
	flags.Lookup("run").NoOptDefVal = likeliest
	f.style.register(command, report.LeastWidth)
	return command
}

// mostPasted bounds a text that is to be explained, in bytes.
const mostPasted = 64 << 10

// pastedText returns what is to be explained: the arguments or, if they are -,
// what stands at standard input.
func pastedText(stdin io.Reader, args []string) (string, error) {
	text := strings.Join(args, " ")
	if text == "-" {
		read, err := io.ReadAll(io.LimitReader(stdin, mostPasted+1))
		if err != nil {
			return "", fmt.Errorf("read what is to be explained: %w", err)
		}
		text = string(read)
	}
	switch {
	case strings.TrimSpace(text) == "":
		return "", badInputf("what is to be explained? Give it as an argument, or with - at standard input")
	case len(text) > mostPasted:
		return "", badInputf("the text has more than %d KiB: give the lines with the error", mostPasted>>10)
	}
	return text, nil
}

// findTopic says what a text is about. What is said exactly comes first: the
// name of a cause, then a reason of the kernel's, then a program's words.
func findTopic(text string) (topic, error) {
	if c, ok := causes.Find(plainName(text)); ok {
		return causeTopic{c}, nil
	}
	if reason, ok := findReason(text); ok {
		return reasonTopic{reason}, nil
	}
	if found := causes.Search(text); len(found) > 0 {
		return phraseTopic{found}, nil
	}
	near := append(causes.Nearest(text, 5), nearNames(text)...)
	if len(near) == 0 {
		return nil, badInputf("nothing in %q is known: give the line with the error as it was printed; "+
			"'resetlab list' shows what there is to see", shortened(text))
	}
	return nil, badInputf("nothing in %q is known: do you mean %s?", shortened(text), quoted(near[:min(5, len(near))]))
}

// plainName writes a name as causes have it.
func plainName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r == ' ' || r == '_' || r == '-' || r == '\n'
	}), "-")
}

// findReason finds one of the kernel's reasons for a RST: in a longer text as
// the kernel writes it, alone in any case. Reasons of one word, such as ERROR,
// count only alone and as the kernel writes them.
func findReason(text string) (reason tcp.Reason, ok bool) {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	for _, reason := range tcp.Reasons() {
		name := string(reason)
		several := strings.Contains(name, "_")
		if text == name || several && plainName(text) == plainName(name) {
			return reason, true
		}
		for _, word := range words {
			if several && strings.TrimPrefix(word, "SK_RST_REASON_") == name {
				return reason, true
			}
		}
	}
	return "", false
}

// nearNames returns the names of causes and reasons that a text nearly is.
func nearNames(text string) []string {
	return near(plainName(text), append(causeNames(), reasonNames()...))
}

func causeNames() []string {
	var names []string
	for _, c := range causes.All() {
		names = append(names, c.Name)
	}
	return names
}

func reasonNames() []string {
	var names []string
	for _, reason := range tcp.Reasons() {
		names = append(names, string(reason))
	}
	return names
}

func shortened(text string) string {
	runes := []rune(strings.TrimSpace(text))
	if len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return string(runes)
}

func quoted(names []string) string {
	var list []string
	for _, name := range names {
		list = append(list, fmt.Sprintf("%q", name))
	}
	return strings.Join(list, ", ")
}

// scenario returns the name of the one that is to be run, "" for none.
func (f *explainFlags) scenario(t topic) (string, error) {
	if f.run == "" {
		return "", nil
	}
	can := t.causes()
	var names []string
	for _, c := range can {
		names = append(names, c.Name)
		if c.Scenario != "" && (f.run == likeliest || f.run == c.Name) {
			return c.Scenario, nil
		}
	}
	if f.run == likeliest {
		return "", badInputf("no scenario shows that")
	}
	return "", badInputf("--run=%s: no scenario shows that; it can be %s", f.run, strings.Join(names, ", "))
}

// show runs a scenario and shows its cards.
func (f *explainFlags) show(cmd *cobra.Command, scenario string) error {
	found, err := choose([]string{scenario})
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "\nSeen happening (%s)\n\n", commandLine("run", scenario))
	r := &runFlags{repeat: 1, style: f.style}
	return r.rounds(cmd, specNames(found))
}

func completeTerms(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, p := range causes.Phrases() {
		if p.Of == "" {
			names = append(names, cobra.CompletionWithDesc(p.Words[0], p.Words[1]))
		}
	}
	for _, c := range causes.All() {
		names = append(names, cobra.CompletionWithDesc(c.Name, c.What))
	}
	return append(names, reasonNames()...), cobra.ShellCompDirectiveNoFileComp
}
