package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/offline"
	"github.com/resetlab/resetlab/harness/report"
)

// looksRecorded says whether an input begins as a recording does. What it reads
// for that is put back.
func looksRecorded(in *offline.Input) bool {
	begin := make([]byte, sniffed)
	n, err := io.ReadFull(in.Reader, begin)
	begin = begin[:n]
	rest := in.Reader
	if in.Reader = io.MultiReader(bytes.NewReader(begin), rest); n == 0 && err != io.EOF {
		in.Reader = io.MultiReader(failing{err}, rest)
	}
	return looksJSON(begin) && bytes.Contains(begin, []byte(`"scenario":`))
}

// recorded says whether any of the inputs are recordings.
func (in *diagnoseInputs) recorded() (is bool) {
	for i := range in.all {
		is = looksRecorded(&in.all[i]) || is
	}
	return is
}

// A failing reader gives an error that came before.
type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

// A judgedRecording is a connection of a recording, with what the engine says.
type judgedRecording struct {
	*evidence.Recording
	flow int
	diagnose.Judged
}

// causes are those of its first RST, or of what ended it; nil if none is known.
func (j *judgedRecording) causes() []string {
	if len(j.Verdicts) == 0 {
		return nil
	}
	return j.Verdicts[0].Causes
}

// recordings answers on stored recordings, of watch or of a run.
func (f *diagnoseFlags) recordings(cmd *cobra.Command, inputs *diagnoseInputs, only func(client, server string) bool) error {
	switch {
	case len(inputs.all) > 1:
		return badInputf("%s holds recordings: give it alone", inputs.all[0].Name)
	case f.mermaid != "" || f.asJSON != "" || f.markdown != "":
		return badInputf("%s holds recordings: 'resetlab show' writes them with --mermaid and --json", inputs.all[0].Name)
	}
	stored, err := readRecordings(inputs.all[0].Reader)
	inputs.bar.finish()
	if err != nil {
		return badInput(fmt.Errorf("%s: %w", inputs.all[0].Name, err))
	}
	var all []judgedRecording
	for _, r := range stored {
		for flow, judged := range diagnose.Judge(r) {
			if len(judged.Verdicts) > 0 && (only == nil || only(r.Flows[flow].Client, r.Flows[flow].Server)) {
				all = append(all, judgedRecording{r, flow, judged})
			}
		}
	}
	if f.connection > len(all) {
		return badInputf("--connection %d: %d are listed", f.connection, len(all))
	}
	if f.html != "" {
		return outputs{{"--html", f.html, func(w io.Writer) error {
			return report.Page(w, stored, report.PageOptions{About: aboutRecording})
		}}}.write(cmd.OutOrStdout())
	}
	out := cmd.OutOrStdout()
	if f.connection == 0 {
		writeJudgedSummary(out, len(stored), all)
	}
	for _, i := range f.chosenRecordings(all) {
		if err := f.writeJudged(out, i+1, &all[i]); err != nil {
			return err
		}
	}
	return nil
}

// chosenRecordings are the numbers of those that are told one by one: of each
// cause one first.
func (f *diagnoseFlags) chosenRecordings(all []judgedRecording) (chosen []int) {
	if f.connection > 0 {
		return []int{f.connection - 1}
	}
	most := f.most
	if f.summary {
		most = 0
	}
	if most < 0 {
		most = len(all)
	}
	told := map[string]bool{}
	for _, first := range []bool{true, false} {
		for i := range all {
			cause := strings.Join(all[i].causes(), " ")
			if len(chosen) < most && told[cause] != first && !slices.Contains(chosen, i) {
				told[cause] = true
				chosen = append(chosen, i)
			}
		}
	}
	return chosen
}

// writeJudgedSummary writes how many had which causes.
func writeJudgedSummary(out io.Writer, recordings int, all []judgedRecording) {
	counts, or := map[string]int{}, map[string][]string{}
	for i := range all {
		key := strings.Join(all[i].causes(), " ")
		counts[key]++
		or[key] = all[i].causes()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s that a RST or an error ended\n", counted(int64(recordings), "recording"), counted(int64(len(all)), "connection"))
	keys := make([]string, 0, len(counts))
	for key := range counts {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	for _, key := range keys {
		writeWrapped(&b, fmt.Sprintf("%6d  ", counts[key]), causeOfAll(or[key]))
	}
	io.WriteString(out, terminal.Printable(b.String()))
}

func causeOfAll(names []string) string {
	if len(names) == 0 {
		return causeOf("", nil)
	}
	return causeOf(names[0], names[1:])
}

// writeJudged writes the card of one, and what follows from it.
func (f *diagnoseFlags) writeJudged(out io.Writer, number int, j *judgedRecording) error {
	card, err := f.style.text(out, j.Recording)
	if err != nil {
		return err
	}
	v := &j.Verdicts[0]
	var b strings.Builder
	writeWrapped(&b, " connection  ", fmt.Sprintf("#%d, %s → %s, %s", number, j.Flows[j.flow].Client, j.Flows[j.flow].Server,
		j.Started.Local().Format("2006-01-02 15:04:05.000")))
	if v.Event < 0 && len(j.Resets) == 0 {
		writeWrapped(&b, " why         ", v.Why)
	}
	writeWrapped(&b, " cause       ", fmt.Sprintf("%s (%s)", causeOfAll(v.Causes), v.Level))
	if v.Settle != "" {
		writeWrapped(&b, " settles     ", v.Settle)
	}
	if j.Harm.Why != "" {
		writeWrapped(&b, " lost        ", j.Harm.Why)
	}
	if len(v.Causes) > 0 {
		if cause, found := causes.Find(v.Causes[0]); found {
			writeWrapped(&b, " cure        ", cause.Cure)
			if cause.Scenario != "" {
				fmt.Fprintf(&b, " see it      %s\n", commandLine("run", cause.Scenario))
			}
		}
	}
	_, err = io.WriteString(out, "\n"+card+terminal.Printable(b.String()))
	return err
}

// aboutRecording says what is known of the situation that a recording is of: that
// of its spec or, without one, what the engine says.
func aboutRecording(r *evidence.Recording) report.About {
	if about := aboutSituation(r); about != (report.About{}) {
		return about
	}
	for _, judged := range diagnose.Judge(r) {
		if len(judged.Verdicts) == 0 {
			continue
		}
		v := judged.Verdicts[0]
		about := report.About{Cause: fmt.Sprintf("%s. Cause: %s (%s).", v.Why, causeOfAll(v.Causes), v.Level)}
		if judged.Harm.Why != "" {
			about.Cause += " Lost: " + judged.Harm.Why + "."
		}
		if v.Settle != "" {
			about.Cause += " What settles it: " + v.Settle + "."
		}
		if len(v.Causes) > 0 {
			if cause, found := causes.Find(v.Causes[0]); found {
				about.Cure = cause.Cure
				if cause.Scenario != "" {
					about.Again = "resetlab run " + cause.Scenario
				}
			}
		}
		return about
	}
	return report.About{}
}
