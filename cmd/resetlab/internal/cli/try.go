package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/script"
	scripts "github.com/resetlab/resetlab/harness/script/run"
)

// tryFlags are those of the command try.
type tryFlags struct {
	html, pcap, asJSON, recording, junit string
	proxy                                string // "stock", "faithful" or empty
	repeat, bound                        int
	card                                 string // "auto", "always" or "never"
	calls, predict, watchFile            bool
	style                                cardStyle
}

func newTry() *cobra.Command {
	var f tryFlags
	command := &cobra.Command{
		Use:   "try SCRIPT | FILE... | DIR... | SCENARIO... | -",
		Short: "Say what happens if two ends do this and that, on this kernel",
		Long: `Try makes the calls of a script on this kernel, in a private network, and says
what came of each: what it returned, what was on the wire, and why a RST was
sent. It needs root or a user namespace; the kernel's reasons need root.

A script has a call a line: who calls, what, and behind → or -> what is
expected, if anything is. On a command line ; separates lines.

    client write "ab"      → 2
    server read 1          → "a"
    server close
    client write "c"       → ECONNRESET
    client read 10

Unless a line says socket, bind, listen or connect, a client and a server are
connected when it begins. A call that cannot return gives waits; the script goes
on, and client returns tells what became of it. client/reader read 10 is a
thread of its own. --calls lists all calls, with what they give.

A file has one script or several, each behind a line '--- title'. Of a directory
all files *.try below it are run. With - the script comes from standard input.
The name of a scenario stands for its scripts, which 'resetlab list NAME' shows,
and that of an example for that.

With --proxy what the client connects to the listener goes through a proxy: a
stock toxiproxy, which makes a FIN of every ending, or ResetLab's faithful one,
which passes a RST on as a RST and a half-close as a half-close. The line 'proxy
between client and listener', with 'stock' or without, says the same in a script;
with 'cut toward=client,after=1' behind it the proxy cuts there (resetlab proxy
--help). A line is over when the proxy, too, has nothing left to do.

With --predict the results of a model stand beside the kernel's, and where they
differ ≠ stands between: 'resetlab predict' asks the model alone.

With --watch-file it runs the scripts of files or directories again each time one is
saved. It ends when it is interrupted, with exit status 0.

With --json, --html or --pcap it writes those besides; - is standard output.

Exit status: 0 if all is as expected, 1 if something is not, or not as predicted,
or could not be run, 2 if a script is wrong or what was expected could not be judged.`,
		Example: `  resetlab try 'client write "ab"; server read 1; server close; client write "c"'
  resetlab try 'server abort; client read 1 -> ECONNRESET; client read 1 -> EOF'
  resetlab try script.try --html page.html --pcap script.pcapng
  resetlab try tests/ --junit report.xml
  resetlab try script.try --watch-file
  resetlab try 'client/a read 1; client/b read 1; server write "xy"' --repeat 100
  resetlab try --predict 'client read 1; server kill; client returns'
  resetlab try --proxy stock 'client abort; server read 1'
  resetlab try --calls`,
		ValidArgsFunction: completeScript,
		RunE:              run(f.run),
	}
	flags := command.Flags()
	flags.BoolVar(&f.calls, "calls", false, "list the calls, what each is and gives")
	flags.BoolVar(&f.predict, "predict", false, "put what a model of Linux says beside what the kernel does")
	f.registerProxy(command)
	flags.BoolVar(&f.watchFile, "watch-file", false, "run the scripts again each time a file of theirs is saved, until interrupted")
	flags.IntVar(&f.repeat, "repeat", 1, "run each script `N` times, and say how often what came of it")
	flags.IntVar(&f.bound, "bound", 60, "give a script up after `SECONDS`")
	flags.StringVar(&f.card, "card", "auto", "`WHEN` to draw the wire: auto (of a single script), always or never")
	noError(command.RegisterFlagCompletionFunc("card", cobra.FixedCompletions(
		[]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp)))
	flags.StringVar(&f.asJSON, "json", "", "write the answers as JSON to `FILE`")
	flags.StringVar(&f.html, "html", "", "write a page with all recordings to `FILE`")
	flags.StringVar(&f.pcap, "pcap", "", "write a capture for Wireshark to `FILE`")
	flags.StringVar(&f.recording, "recording", "", "write the recordings to `FILE`, for 'resetlab show'")
	flags.StringVar(&f.junit, "junit", "", "write a JUnit file to `FILE`")
	f.style.register(command, report.LeastWidth)
	return command
}

// run runs the scripts and shows what came of them.
func (f *tryFlags) run(cmd *cobra.Command, args []string) error {
	if f.calls {
		return writeCalls(cmd.OutOrStdout(), args)
	}
	if err := f.check(&trial{flags: f, cmd: cmd, out: cmd.OutOrStdout()}); err != nil {
		return err
	}
	if f.watchFile {
		return f.again(cmd, args)
	}
	return f.once(cmd, args)
}

// once reads the scripts and runs them.
func (f *tryFlags) once(cmd *cobra.Command, args []string) error {
	t := &trial{flags: f, cmd: cmd, out: cmd.OutOrStdout()}
	if t.forms().toStdout() {
		t.out = cmd.ErrOrStderr()
	}
	all, err := readScripts(cmd, args)
	if err != nil {
		return err
	}
	if err := checkCuts(all); err != nil {
		return err
	}
	if all, err = f.byProxy(all); err != nil {
		return err
	}
	return t.run(all)
}

// check says which flag cannot be used.
func (f *tryFlags) check(t *trial) error {
	switch {
	case f.repeat < 1:
		return badInputf("--repeat %d: want 1 or more", f.repeat)
	case f.bound < 1 || f.bound > 24*3600:
		return badInputf("--bound %d: want 1 to 86400 seconds", f.bound)
	case f.card != "auto" && f.card != "always" && f.card != "never":
		return badInputf("--card %s: allowed are auto, always and never", f.card)
	case f.proxy != "" && f.proxy != stockProxy && f.proxy != faithfulProxy:
		return badInputf("--proxy %s: allowed are stock and faithful", f.proxy)
	case f.pcap == toStdout && terminal.Is(t.out):
		return badInputf("--pcap -: a capture is no text for a terminal: give a file, or let a program read it")
	}
	if err := f.style.check(); err != nil {
		return err
	}
	return t.forms().check()
}

// A trial is the run of all scripts.
type trial struct {
	flags  *tryFlags
	cmd    *cobra.Command
	out    io.Writer
	tried  []*tried
	began  time.Time
	single bool // there is one script, which is run once
}

// A tried is what came of one script.
type tried struct {
	source
	answers   []variant           // different ones, in the order of their first
	outcomes  []script.Answer     // the model's, if it was asked
	recording *evidence.Recording // of the last run; nil if nothing was recorded
	took      time.Duration
}

// A variant is an answer, and how often it came.
type variant struct {
	Answer script.Answer
	Times  int
}

// forms are the files that are asked for, of answers that come later.
func (t *trial) forms() outputs {
	recorded := func(write func(io.Writer, []*evidence.Recording) error) func(io.Writer) error {
		return func(w io.Writer) error { return write(w, t.recordings()) }
	}
	f := t.flags
	return outputs{
		{"--json", f.asJSON, t.writeJSON},
		{"--html", f.html, recorded(func(w io.Writer, all []*evidence.Recording) error {
			return report.Page(w, all, report.PageOptions{})
		})},
		{"--pcap", f.pcap, recorded(func(w io.Writer, all []*evidence.Recording) error {
			return each(all, report.Pcapng)(w)
		})},
		{"--recording", f.recording, recorded(func(w io.Writer, all []*evidence.Recording) error {
			return each(all, writeRecording)(w)
		})},
		{"--junit", f.junit, t.writeJUnit},
	}
}

// recordings are those of the last run of each script.
func (t *trial) recordings() (all []*evidence.Recording) {
	for _, one := range t.tried {
		if one.recording != nil {
			all = append(all, one.recording)
		}
	}
	return all
}

// run runs the scripts one after the other.
func (t *trial) run(all []source) error {
	t.began, t.single = time.Now(), len(all) == 1 && t.flags.repeat == 1
	runner, err := scripts.New(scripts.Options{Evidence: t.records(), Bound: time.Duration(t.flags.bound) * time.Second})
	if err != nil && t.flags.proxy == "" {
		err = instead(err, t.cmd.Flags().Args())
	}
	if err != nil {
		return err
	}
	bar := newProgress(t.cmd.ErrOrStderr(), len(all)*t.flags.repeat, "running the scripts")
	for _, s := range all {
		one, failed := t.one(runner, s, bar)
		if one != nil && len(one.answers) > 0 {
			t.tried = append(t.tried, one)
			bar.clear()
			failed = errors.Join(failed, t.show(one))
		}
		if err = failed; err != nil {
			break
		}
	}
	bar.finish()
	if err = errors.Join(err, runner.Close()); err != nil {
		return err
	}
	if err := t.forms().write(t.cmd.OutOrStdout()); err != nil {
		return err
	}
	return t.conclude()
}

// records says whether what happens on the wire is wanted.
func (t *trial) records() bool {
	f := t.flags
	return f.card == "always" || f.card == "auto" && t.single || f.html != "" || f.pcap != "" || f.recording != ""
}

// one runs a script as often as asked for.
func (t *trial) one(runner *scripts.Runner, s source, bar progress) (*tried, error) {
	one := &tried{source: s}
	if t.flags.predict {
		one.outcomes = model.Outcomes(s.script)
	}
	began := time.Now()
	for range t.flags.repeat {
		result, err := runner.Run(t.cmd.Context(), s.script)
		if t.cmd.Context().Err() != nil {
			return one, t.cmd.Context().Err()
		}
		if err != nil {
			return one, fmt.Errorf("%s: %w", s.name(), err)
		}
		one.add(result.Answer)
		one.recording = result.Recording
		bar.step()
	}
	one.took = time.Since(began)
	return one, nil
}

// add counts an answer.
func (one *tried) add(answer script.Answer) {
	text := answer.Text()
	for i := range one.answers {
		if one.answers[i].Answer.Text() == text {
			one.answers[i].Times++
			return
		}
	}
	one.answers = append(one.answers, variant{answer, 1})
}

// verdict is the worst of the answers'.
func (one *tried) verdict() script.Verdict {
	worst := one.answers[0].Answer.Verdict()
	for _, v := range one.answers {
		switch verdict := v.Answer.Verdict(); {
		case verdict == script.Differs, verdict == script.Unjudged && worst != script.Differs:
			worst = verdict
		}
	}
	return worst
}
