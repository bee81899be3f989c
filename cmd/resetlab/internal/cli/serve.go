package cli

import (
	"errors"
	"fmt"
	"log"
	"net"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/lab"
)

func newServe() *cobra.Command {
	var listen string
	command := &cobra.Command{
		Use:   "serve [SERVER]",
		Short: "Run a toy server that misbehaves, for clients in any language",
		Long: `Serve runs one of the servers of the scenarios and prints what it did with each
connection, until it is interrupted. Without SERVER it lists them.

It listens on the loopback unless --listen names another address.`,
		Example: `  resetlab serve read-one-byte-then-close --listen 127.0.0.1:7000
  printf ab | nc 127.0.0.1 7000`,
		Args:              arguments(0, 1, "one server at most"),
		ValidArgsFunction: completeToys,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				for _, t := range toys() {
					fmt.Fprintf(table, "%s\t%s\n", t.name, t.does)
				}
				return table.Flush()
			}
			t, err := findToy(args[0])
			if err != nil {
				return err
			}
			return serve(cmd, t, listen)
		}),
	}
	command.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "`ADDRESS` to listen on, IP:PORT; port 0 is a free one")
	return command
}

func findToy(name string) (toy, error) {
	var names []string
	for _, t := range toys() {
		if t.name == name {
			return t, nil
		}
		names = append(names, t.name)
	}
	return toy{}, unknown("server", name, names, "resetlab serve")
}

// serve runs the toy until the command is interrupted, which is its good end.
func serve(cmd *cobra.Command, t toy, listen string) error {
	address, err := parseListen(listen)
	if err != nil {
		return err
	}
	warnUnlessLoopback(cmd.ErrOrStderr(), address)
	l := lab.New()
	host, err := l.AddHost(t.name, listenAt{address: address})
	if err != nil {
		return err
	}
	server, err := t.start(host, log.New(cmd.OutOrStdout(), t.name+": ", 0))
	if taken := (*net.OpError)(nil); errors.As(err, &taken) {
		return fmt.Errorf("listen on %s: %w", address, taken.Err) // the host's error names the port that it asked for
	} else if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "listening on %s\n%s: %s\n", server.Addr(), t.name, t.does)
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		for outcome := range server.Outcomes() {
			fmt.Fprintf(out, "#%d %s\n", outcome.Conn, terminal.Line(outcome.String()))
		}
	}()
	<-cmd.Context().Done()
	err = server.Close()
	if broken := l.Close(); err == nil {
		err = broken
	}
	<-reported
	return err
}

func completeToys(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, t := range toys() {
		names = append(names, cobra.CompletionWithDesc(t.name, t.does))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
