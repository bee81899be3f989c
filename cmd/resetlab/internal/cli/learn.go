package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/quiz"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

func newLearn() *cobra.Command {
	var recording string
	var style cardStyle
	command := &cobra.Command{
		Use:   "learn [QUESTION]...",
		Short: "Predict what an end of a connection sees, then see it",
		Long: `Learn shows what two ends do and asks what one of them sees. Then it runs that
very scenario, plays what happened step by step and says why. The other answers
are what another system does or a book says.

Answers come from standard input: the number of a choice, an empty line to skip
the question, q to quit. Behind a question its twin, which differs in one line,
is proposed: y or an empty line takes it, n goes on.

--recording plays a recording made elsewhere, on another system say, and asks
the questions that it can answer.`,
		Example: `  resetlab learn
  resetlab learn write-after-reset
  printf '2\nn\nq\n' | resetlab learn`,
		ValidArgsFunction: completeQuestions,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if err := style.check(); err != nil {
				return err
			}
			all, err := quiz.Bank()
			if err != nil {
				return err
			}
			asked, err := chooseQuestions(all, args)
			if err != nil {
				return err
			}
			l := newLesson(cmd, all, style)
			if recording == "" {
				return l.teach(asked)
			}
			stored, err := openRecordings(recording, nil)
			if err != nil {
				return badInput(err)
			}
			unanswered := func(q quiz.Question) bool { return len(about(q, stored)) == 0 }
			l.take = func(q quiz.Question) ([]*evidence.Recording, error) { return about(q, stored), nil }
			l.bank = slices.DeleteFunc(l.bank, unanswered)
			if asked = slices.DeleteFunc(asked, unanswered); len(asked) == 0 {
				return badInputf("%s answers none of the questions: it is of %q", recording, stored[0].Scenario)
			}
			return l.teach(asked)
		}),
	}
	command.Flags().StringVar(&recording, "recording", "", "play the recordings in `FILE`")
	style.register(command, report.LeastWidth)
	return command
}

// about keeps the recordings of a question's spec. Old ones do not name it, and
// are known by its text.
func about(q quiz.Question, recordings []*evidence.Recording) []*evidence.Recording {
	spec, _ := catalogue.FindSpec(q.Spec)
	var kept []*evidence.Recording
	for _, r := range recordings {
		if r.Spec == q.Spec || r.Spec == "" && r.Scenario == spec.Text {
			kept = append(kept, r)
		}
	}
	return kept
}

// chooseQuestions keeps the questions that are named; no names keep all.
func chooseQuestions(all []quiz.Question, names []string) ([]quiz.Question, error) {
	if len(names) == 0 {
		return slices.Clone(all), nil
	}
	var ids []string
	for _, q := range all {
		ids = append(ids, q.ID)
	}
	var chosen []quiz.Question
	for _, name := range names {
		i := slices.Index(ids, name)
		if i < 0 {
			return nil, unknown("question", name, ids, "resetlab learn --help")
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func completeQuestions(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	all, err := quiz.Bank()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, q := range all {
		ids = append(ids, cobra.CompletionWithDesc(q.ID, fmt.Sprintf("%s: %s", q.Concept, q.Ask)))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
