package cli

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/quiz"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/script"
	scripts "github.com/resetlab/resetlab/harness/script/run"
)

func newLearn() *cobra.Command {
	var random bool
	var seed uint64
	var style cardStyle
	command := &cobra.Command{
		Use:   "learn [SCRIPT | SCENARIO]...",
		Short: "Predict what comes of a call, then see it",
		Long: `Learn shows the calls of two ends and asks what comes of the last one. The
questions are made of the scripts of the scenarios and of the examples of
'resetlab try', the easiest first; a name asks of that script alone. The other
answers are what comes of neighbouring scripts, in which one call is another: who
takes one is told which.

Then it runs the script on this kernel and shows what happened. Where scripts
cannot be run the script says what comes, which a kernel has shown, or a model of
Linux ('resetlab predict').

Answers come from standard input: the number of a choice, an empty line to skip
the question, q to quit. Behind a question its twin, in which one call is another,
is proposed: y or an empty line takes it, n goes on.

With --random the questions never end. Their scripts are mixed from all of them,
and grow with each right answer. The same --seed and the same answers give the
same questions.`,
		Example: `  resetlab learn
  resetlab learn one-byte-server
  resetlab learn closing-with-unread-data
  resetlab learn --random --seed 7
  printf '2\nn\nq\n' | resetlab learn`,
		ValidArgsFunction: completeQuestions,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			switch {
			case !random && cmd.Flags().Changed("seed"):
				return badInputf("--seed is of --random")
			case random && len(args) > 0:
				return badInputf("--random mixes all scripts: %q is one", args[0])
			}
			if err := style.check(); err != nil {
				return err
			}
			all, err := allScripts()
			if err != nil {
				return err
			}
			questions, err := chooseQuestions(quiz.Bank(all), args)
			if err != nil {
				return err
			}
			l, err := newLesson(cmd, style)
			if err != nil {
				return err
			}
			if !random {
				return errors.Join(l.teach(questions), l.close())
			}
			if !cmd.Flags().Changed("seed") {
				seed = rand.Uint64()
			}
			fmt.Fprintf(l.out, "The same questions again: %s\n\n", commandLine("learn", "--random", "--seed", fmt.Sprint(seed)))
			return errors.Join(l.deal(quiz.NewDealer(all, seed)), l.close())
		}),
	}
	command.Flags().BoolVar(&random, "random", false, "ask without end, harder with each right answer")
	command.Flags().Uint64Var(&seed, "seed", 0, "`SEED` of the random questions (default one drawn at random)")
	style.register(command, report.LeastWidth)
	return command
}

// newLesson starts a runner of scripts, or says why there is none.
func newLesson(cmd *cobra.Command, style cardStyle) (*lesson, error) {
	l := startLesson(cmd, style)
	runner, err := scripts.New(scripts.Options{Evidence: true})
	switch {
	case errors.Is(err, netlab.ErrUnavailable):
		writeWrapped(l.out, "", fmt.Sprintf("No script is run here, answers are what is known of Linux: %v.", err))
		fmt.Fprintln(l.out)
	case err != nil:
		return nil, err
	default:
		l.runner = runner
	}
	return l, nil
}

// chooseQuestions keeps the questions of the scripts or scenarios that are named;
// no names keep all.
func chooseQuestions(bank []quiz.Question, names []string) ([]quiz.Question, error) {
	if len(names) == 0 {
		return bank, nil
	}
	var known []string
	for _, q := range bank {
		known = append(known, q.Name)
	}
	var chosen []quiz.Question
	for _, name := range names {
		before := len(chosen)
		for _, q := range bank {
			if q.Name == name || strings.HasPrefix(q.Name, name+"/") {
				chosen = append(chosen, q)
			}
		}
		if len(chosen) == before {
			return nil, unknown("question", name, known, "resetlab list")
		}
	}
	return chosen, nil
}

func completeQuestions(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	all, err := allScripts()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, q := range quiz.Bank(all) {
		names = append(names, cobra.CompletionWithDesc(q.Name, callOf(q)))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// callOf is the call that a question is about.
func callOf(q quiz.Question) string {
	return oneLine(script.Script{Lines: []script.Line{q.Asked()}})
}
