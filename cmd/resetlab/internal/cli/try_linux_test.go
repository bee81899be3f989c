package cli_test

import "github.com/resetlab/resetlab/harness/netlab"

func closeNetwork(network *netlab.Network) error {
	if network == nil {
		return nil
	}
	return network.Close()
}
