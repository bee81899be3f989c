package cli

import (
	"strings"

	"github.com/resetlab/resetlab/harness/netlab"
)

// networks makes a private network and gives it back. It says why there is
// none, or what those that this machine gives lack.
func networks() (missing string, lacking []string) {
	network, err := netlab.New()
	if err != nil {
		return err.Error(), nil
	}
	defer network.Close()
	for _, feature := range []netlab.Feature{
		netlab.Firewall, netlab.Rejection, netlab.ConnectionTracking, netlab.Translation,
		netlab.SocketDestruction, netlab.SocketRepair, netlab.TUN, netlab.MPTCP,
	} {
		if err := network.Require(feature); err != nil {
			reason := strings.TrimPrefix(err.Error(), string(feature)+": ")
			lacking = append(lacking, string(feature)+": "+reason)
		}
	}
	return "", lacking
}
