package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/harness/report"
)

// runFlags are those of the command run.
type runFlags struct {
	label  string
	all    bool
	repeat int
	style  cardStyle
	files  runFiles
}

func newRun() *cobra.Command {
	var f runFlags
	command := &cobra.Command{
		Use:   "run NAME... | --label FILTER | --all",
		Short: "Run scenarios and show what happened",
		Long: `Run runs the specs of scenarios and shows a card for each of their labs: what
both ends called and got, what was on the wire, and why. NAME is the name of a
scenario, its title, or the whole text of a spec.

With --repeat the specs run that many times, and a table says how the
connections ended. The files hold what the last round recorded.`,
		Example: `  resetlab run closing-with-unread-data
  resetlab run --label 'cause: containsAny unread' --html page.html
  resetlab run writing-after-a-reset --repeat 100`,
		ValidArgsFunction: completeScenarios,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			specs, err := f.specs(args)
			if err != nil {
				return err
			}
			if err := f.style.check(); err != nil {
				return err
			}
			if err := f.files.check(); err != nil {
				return err
			}
			return f.rounds(cmd, specs)
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.label, "label", "", "specs whose labels match this `FILTER`, in Ginkgo's language")
	flags.BoolVar(&f.all, "all", false, "all specs")
	flags.IntVar(&f.repeat, "repeat", 1, "run the specs `N` times")
	f.files.register(command)
	f.style.register(command, report.LeastWidth)
	return command
}

// specs names what is to run.
func (f *runFlags) specs(names []string) ([]string, error) {
	switch {
	case f.repeat < 1:
		return nil, badInputf("--repeat %d: want 1 or more", f.repeat)
	case f.all && (len(names) > 0 || f.label != ""):
		return nil, badInputf("--all goes with neither names nor --label")
	case !f.all && len(names) == 0 && f.label == "":
		return nil, badInputf("what is to run? Name a scenario ('resetlab list' shows them), or give --label or --all")
	}
	found, err := choose(names)
	if err != nil {
		return nil, err
	}
	if found, err = suite.Labelled(found, f.label); err != nil {
		return nil, badInput(err)
	}
	if len(found) == 0 {
		return nil, badInputf("no spec matches: 'resetlab list' shows the labels of each")
	}
	return specNames(found), nil
}

// sumUp writes what became of the specs and, after several rounds, of their
// connections.
func (f *runFlags) sumUp(show *display, total *summary) {
	if f.repeat > 1 {
		total.endings.write(show.out)
	}
	fmt.Fprintln(show.out, total)
}

// stopped writes what was seen until a run was stopped. Its files stay as they
// were: what they would hold is not whole.
func (f *runFlags) stopped(show *display, total *summary) {
	if total.passed+total.failed+total.skipped > 0 {
		f.sumUp(show, total)
	}
}

// rounds runs the specs as often as asked for and sums up.
func (f *runFlags) rounds(cmd *cobra.Command, specs []string) error {
	total := &summary{began: time.Now()}
	show := &display{cmd: cmd, out: cmd.OutOrStdout(), style: f.style, single: f.repeat == 1}
	if f.files.outputs().toStdout() {
		show.out = cmd.ErrOrStderr()
	}
	show.bar = newProgress(cmd.ErrOrStderr(), len(specs)*f.repeat, "running the specs")
	defer show.bar.finish()
	for number := 1; number <= f.repeat; number++ {
		recordings, err := f.round(cmd, specs, show, total)
		f.files.keep(recordings)
		if err != nil {
			show.bar.finish()
			f.stopped(show, total)
			return err
		}
		if f.repeat > 1 {
			show.round(number, f.repeat, total)
		}
	}
	show.bar.finish()
	if err := f.files.write(cmd.OutOrStdout()); err != nil {
		return err
	}
	f.sumUp(show, total)
	if total.failed > 0 {
		return fmt.Errorf("%d of %d specs failed", total.failed, total.failed+total.passed)
	}
	return nil
}
