package cli

import (
	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/audit"
)

// remoteFlags say which toxiproxy-server strikes, instead of this process.
type remoteFlags struct{ url, listen, address, upstream string }

func (f *remoteFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.url, "toxiproxy", "", "strike by the toxiproxy-server at this `URL`, with what it can do exactly")
	flags.StringVar(&f.listen, "toxiproxy-listen", "", "with --toxiproxy: its own `ADDRESS` for the client")
	flags.StringVar(&f.address, "toxiproxy-address", "", "with --toxiproxy: `ADDRESS` at which the client reaches that")
	flags.StringVar(&f.upstream, "toxiproxy-upstream", "", "with --toxiproxy: `ADDRESS` at which it reaches the server")
}

// remote is that server; nil if this process strikes.
func (f *remoteFlags) remote() *audit.Remote {
	if f.url == "" {
		return nil
	}
	return &audit.Remote{URL: f.url, Listen: f.listen, Address: f.address, Upstream: f.upstream}
}

// remoteConflict says which flags do not go with a toxiproxy-server.
func (f *auditFlags) remoteConflict() error {
	switch {
	case f.toxiproxy.url == "" && f.toxiproxy != (remoteFlags{}):
		return badInputf("--toxiproxy-listen, -address and -upstream go with --toxiproxy: where is the server?")
	case f.toxiproxy.url == "":
		return nil
	case f.sweep:
		return badInputf("--sweep does not go with --toxiproxy: there --cell client@17/rst/always/write is one byte")
	case f.backends:
		return badInputf("--backends and {healthy} do not go with --toxiproxy: its only repetition is always")
	}
	origin := f.upstream
	if origin == "" {
		origin = "127.0.0.1:1" // the audit's own server, as far as is known before it is started
	}
	if err := f.toxiproxy.remote().Check(origin); err != nil {
		return badInputf("--toxiproxy: %w (--toxiproxy-listen, --toxiproxy-address, --toxiproxy-upstream)", err)
	}
	return nil
}
