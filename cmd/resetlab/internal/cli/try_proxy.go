package cli

import (
	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/fault"
)

// The proxies of try --proxy.
const (
	stockProxy    = "stock"
	faithfulProxy = "faithful"
)

// registerProxy registers the flag --proxy.
func (f *tryFlags) registerProxy(command *cobra.Command) {
	command.Flags().StringVar(&f.proxy, "proxy", "",
		"put a `PROXY` between client and listener: stock (toxiproxy) or faithful (ResetLab's)")
	noError(command.RegisterFlagCompletionFunc("proxy", cobra.FixedCompletions(
		[]string{stockProxy, faithfulProxy}, cobra.ShellCompDirectiveNoFileComp)))
}

// checkCuts looks at where proxies of the scripts are to cut.
func checkCuts(all []source) error {
	for _, s := range all {
		for _, line := range s.script.Lines {
			if line.Call.Cut == "" {
				continue
			}
			if _, err := fault.ParseCut(line.Call.Cut); err != nil {
				return badInputf("%s: line %d, column %d: %s: %w", s.name(), line.At.Line, line.At.Column, line, err)
			}
		}
	}
	return nil
}

// byProxy puts the proxy that is asked for into the scripts.
func (f *tryFlags) byProxy(all []source) ([]source, error) {
	if f.proxy == "" {
		return all, nil
	}
	for i, s := range all {
		proxied, err := s.script.ByProxy(f.proxy == stockProxy)
		if err != nil {
			return nil, badInputf("--proxy %s: %s: %w", f.proxy, s.name(), err)
		}
		all[i].script = proxied
	}
	return all, nil
}
