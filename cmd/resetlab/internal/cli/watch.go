package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/watch"
)

// watchFlags are the flags of the command as they were given.
type watchFlags struct {
	ports     []int
	processes []int
	causes    []string
	direction string
	source    string
	ring      string
	lasts     time.Duration
	count     int64
	json      bool
	card      bool
	top       bool
	record    string
	html      string
	style     cardStyle

	prometheus string
	metrics    *watchMetrics

	rate      int
	netns     []string
	container []string
	owners    bool
	keep      bool
	expect    string

	known      []watch.Expectation
	unexpected int64
}

func newWatch() *cobra.Command {
	var f watchFlags
	command := &cobra.Command{
		Use:   "watch",
		Short: "Explain the resets of this machine, as they happen",
		Long: `Watch says of every reset that this machine sends or receives, and of every
connection that fails without one: when, which process, which connection, why,
what was lost, what cures it, and the scenario that shows it. At the end it sums
up by cause. It ends when it is interrupted, or with --for or --count.

It sees the whole machine, all network namespaces and containers, by an eBPF
program on tracepoints: that takes Linux 5.12 with BTF and root, or CAP_BPF and
CAP_PERFMON. Where that is not given it falls back to tracefs, which takes root;
or to the counters of its own network namespace, which anybody may read and which
tell how many, and not whose. It says what it then does not know. When it has begun it gives all privileges up.

With --expect the end status is 3 if a reset came that the file does not list:
around integration tests of yours, say. A line is a pattern of the program's name,
with :PORT if one port of a server is meant; the cause, several with | between
them, or *; and the reason why that is known:

    nginx:8080   linger-zero            return 444, on purpose
    *            refused|health-check   the load balancer probes

Of more than --rate events of a kind in a second the rest is only counted, in the
kernel, and told as one line. --port, --pid, --direction, --netns and --container
filter in the kernel, too: what they leave out costs nearly nothing. Of a reset
whose two ends are on this machine one has to fit.

Beside what it shows it can store each (--record; 'resetlab show' and 'diagnose'
open that), write a page at the end (--html), and count for Prometheus, on the
loopback unless --prometheus names another address.

A process with ? is a guess: who listened, not who accepted. Where a cause has
"or" behind it, others look the same from here. A RST whose two ends are both on
this machine is told once, by the end that sent it.`,
		Example: `  sudo resetlab watch
  sudo resetlab watch --port 8080 --for 60s
  sudo resetlab watch --container 3f4a --netns /run/netns/blue
  sudo resetlab watch --top
  sudo resetlab watch --card --record resets.json --html resets.html
  sudo resetlab watch --json --prometheus 9435
  sudo resetlab watch --json | jq -r 'select(.cause=="unread") | .owner.name'`,
		Args: noArguments,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			options, err := f.options()
			if err != nil {
				return err
			}
			for name, zero := range map[string]bool{"for": f.lasts == 0, "count": f.count == 0} {
				if zero && cmd.Flags().Changed(name) {
					return badInputf("--%s 0: nothing would be watched", name)
				}
			}
			if err := f.checkViews(); err != nil {
				return err
			}
			return f.watch(cmd, options)
		}),
	}
	flags := command.Flags()
	flags.IntSliceVar(&f.ports, "port", nil, "only connections with this `PORT` at one of their ends")
	flags.IntSliceVar(&f.processes, "pid", nil, "only connections of the process with this number, `PID`")
	flags.StringSliceVar(&f.causes, "cause", nil, "only this `CAUSE`, also where it is one of several")
	flags.StringVar(&f.direction, "direction", "", "only `KIND` sent, received or failed; what was sent and received here is both")
	flags.StringSliceVar(&f.netns, "netns", nil, "only connections of this network namespace, `PATH|PID` of a process in it")
	flags.StringSliceVar(&f.container, "container", nil, "only connections of this container, `NAME|ID`; or of a unit, a pod or a cgroup")
	flags.IntVar(&f.rate, "rate", 1000, "tell `N` events of a kind in a second, and only count what is more; 0: tell all")
	flags.StringVar(&f.source, "source", "", "force the `SOURCE` ebpf, tracefs or counters (default the best that there is)")
	flags.StringVar(&f.ring, "ring", "", "`SIZE` of the kernel's buffer, a power of two as 4MiB or 64KiB")
	flags.DurationVar(&f.lasts, "for", 0, "end after this `TIME`, as 60s")
	flags.Int64Var(&f.count, "count", 0, "end after `N` resets")
	flags.BoolVar(&f.card, "card", false, "a card for each, as 'resetlab run' draws it")
	flags.BoolVar(&f.top, "top", false, "a table by cause and process, drawn anew every 2 seconds")
	flags.StringVar(&f.record, "record", "", "write a recording of each that is told to `FILE` as it comes, for 'resetlab show' and 'diagnose'; - is standard output")
	flags.StringVar(&f.html, "html", "", "write a page at the end to `FILE`, with the first of each kind; - is standard output")
	flags.StringVar(&f.prometheus, "prometheus", "", "count for Prometheus at http://`ADDRESS`/metrics: IP:PORT, or a port of the loopback")
	f.style.register(command, report.LeastWidth)
	flags.BoolVar(&f.json, "json", false, "a line of JSON for each, and one at the end, to standard output")
	flags.BoolVar(&f.owners, "owners", true, "find out whose the connections are; without it watching costs less")
	flags.StringVar(&f.expect, "expect", "", "`FILE` of resets that are known; status 3 if another one comes, or events are lost")
	flags.BoolVar(&f.keep, "keep-privileges", false, "do not become nobody")
	for name, words := range map[string][]string{"source": watch.Sources(), "direction": directions()} {
		noError(command.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
	}
	noError(command.RegisterFlagCompletionFunc("cause", completeCauses))
	return command
}
