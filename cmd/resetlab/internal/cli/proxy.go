package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/fault"
)

func newProxy() *cobra.Command {
	var upstream, listen string
	var cuts, toxics []string
	var seed uint64
	command := &cobra.Command{
		Use:   "proxy --upstream ADDRESS",
		Short: "Put a faithful, faulty proxy in front of a service",
		Long: `Proxy passes connections on to the upstream, faithfully: a FIN stays a FIN and
a RST a RST. It reports on every connection that is over, until it is
interrupted.

--cut ends connections at an exact byte; it may be given several times:

    toward=client|server        whose incoming bytes count
    after=BYTES                 how many still pass (0)
    with=reset|fin|fin-then-reset|silence
                                what that end gets: a RST, a FIN, a FIN and a RST
                                to what it sends then, or silence (reset)
    opposite=…                  the same for the other end (as with)
    half=true                   a FIN in this direction, the other one goes on
    hold=DURATION               silence for both ends before that, such as 50ms
    on=every|next|NUMBER        which connections, from 1 (every)
    times=COUNT                 how often at most (no bound)

--toxic changes the stream; it may be given several times, each with
[,toxicity=0…1], the share of the connections that get it:

    latency,toward=…,latency=MS[,jitter=MS]
    bandwidth,toward=…,rate=KB_PER_S
    slicer,toward=…,average_size=BYTES[,size_variation=BYTES][,delay=US]`,
		Example: `  resetlab proxy --upstream 127.0.0.1:8080 --cut toward=client,after=100,with=reset,on=2,times=1
  resetlab proxy --upstream db:5432 --toxic latency,toward=client,latency=200`,
		Args: noArguments,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			if upstream == "" {
				return badInputf("where is the service? Give --upstream, as --upstream 127.0.0.1:8080")
			}
			options, err := parseFaults(cuts, toxics)
			if err != nil {
				return badInput(err)
			}
			settings := harness.Options{Seed: seed}
			if listen != "" {
				address, err := parseListen(listen)
				if err != nil {
					return err
				}
				warnUnlessLoopback(cmd.ErrOrStderr(), address)
				settings.Listen = address.String()
			}
			return passOn(cmd, upstream, settings, options)
		}),
	}
	flags := command.Flags()
	flags.StringVar(&upstream, "upstream", "", "`ADDRESS` of the service, host:port")
	flags.StringVar(&listen, "listen", "", "`ADDRESS` to listen on, IP:PORT (default a free port of the loopback)")
	flags.StringArrayVar(&cuts, "cut", nil, "`CUT` connections, as toward=client,after=100,with=reset")
	flags.StringArrayVar(&toxics, "toxic", nil, "`TOXIC` for the stream, as latency,toward=client,latency=200")
	flags.Uint64Var(&seed, "seed", 0, "`SEED` that decides which connections get a toxic (default one drawn at random)")
	return command
}

func parseFaults(cuts, toxics []string) ([]harness.Option, error) {
	var options []harness.Option
	for _, text := range cuts {
		cut, err := fault.ParseCut(text)
		if err != nil {
			return nil, err
		}
		options = append(options, cut)
	}
	for _, text := range toxics {
		toxic, err := fault.ParseToxic(text)
		if err != nil {
			return nil, err
		}
		options = append(options, toxic)
	}
	return options, nil
}

// passOn runs the proxy until the command is interrupted, which is its good end.
func passOn(cmd *cobra.Command, upstream string, settings harness.Options, faults []harness.Option) error {
	out := cmd.OutOrStdout()
	reports := reporter{out: out, struck: map[int][]struckBy{}}
	settings.Ended, settings.Struck = reports.ended, reports.noteStrike
	proxy, err := harness.StartProxy(upstream, append(faults, settings)...)
	if errors.Is(err, harness.ErrBadInput) {
		return badInput(err)
	} else if err != nil {
		return err
	}
	reports.say(proxy)
	for _, cut := range proxy.Cuts() {
		reports.say(cut.Cut)
	}
	<-cmd.Context().Done()
	err = proxy.Close()
	fmt.Fprint(out, cutLines(proxy.Cuts()))
	return err
}

// A reporter tells of each connection when it is over.
type reporter struct {
	mu     sync.Mutex // guards the rest
	out    io.Writer
	struck map[int][]struckBy // the strikes of connections that are not over, by number
}

// A struckBy is a strike and the cut whose it is.
type struckBy struct {
	cut    harness.Cut
	strike harness.Strike
}

func (r *reporter) say(what any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(r.out, what)
}

func (r *reporter) noteStrike(cut *harness.ArmedCut, s harness.Strike) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.struck[s.Connection] = append(r.struck[s.Connection], struckBy{cut.Cut(), s})
}

func (r *reporter) ended(c harness.ConnectionReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(r.out, connectionLine(c, r.struck[c.Number]))
	delete(r.struck, c.Number)
}

// connectionLine tells what passed and who ended it.
func connectionLine(c harness.ConnectionReport, strikes []struckBy) string {
	parts := []string{
		fmt.Sprintf("#%d %s", c.Number, c.Client),
		fmt.Sprintf("%s to the server, %d to the client", counted(c.ToServer, "byte"), c.ToClient),
		endedBy(c, strikes),
	}
	for _, s := range strikes {
		parts = append(parts, fmt.Sprintf("struck at byte %d toward the %s, %s withheld",
			s.strike.At, s.cut.Toward, counted(s.strike.Withheld, "byte")))
	}
	if !c.Drained {
		parts = append(parts, "the RST threw away bytes that had passed")
	}
	if len(c.Toxics) > 0 {
		parts = append(parts, "toxics: "+strings.Join(c.Toxics, ", "))
	}
	return strings.Join(parts, " · ")
}

// endedBy says who ended a connection. An end that has sent its FIN and still
// gets bytes, or is owed some, has not: a cut may end both then.
func endedBy(c harness.ConnectionReport, strikes []struckBy) string {
	first := fmt.Sprintf("%s: %s", c.EndedBy, c.With)
	for _, s := range strikes {
		if !s.cut.Half && c.EndedBy != harness.ByCut {
			with := cmp.Or(s.cut.With, harness.SendReset)
			return fmt.Sprintf("ended by the cut: %s; before it the %s", with, first)
		}
	}
	return "ended by the " + first
}

// counted writes a number and what it counts.
func counted(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// cutLines says at the end what became of each cut: one that never struck
// proved nothing.
func cutLines(cuts []harness.CutReport) string {
	var lines strings.Builder
	for _, cut := range cuts {
		verdict := "struck " + counted(int64(cut.Count), "time")
		if !cut.Struck {
			verdict = "never struck"
		}
		fmt.Fprintf(&lines, "%v: %s\n", cut.Cut, verdict)
	}
	return lines.String()
}
