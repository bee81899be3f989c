package netlab_test

import (
	"errors"
	"testing"

	"github.com/resetlab/resetlab/harness/netlab"
)

func TestFeaturesAreTried(t *testing.T) {
	n := start(t)
	for _, f := range []netlab.Feature{
		netlab.Firewall, netlab.Rejection, netlab.ConnectionTracking, netlab.Translation,
		netlab.SocketDestruction, netlab.SocketRepair, netlab.TUN, netlab.MPTCP, netlab.MPTCPChecksums,
		netlab.Corruption, netlab.ResetReasons,
	} {
		t.Run(string(f), func(t *testing.T) {
			available(t, n.Require(f))
			succeed(t, n.Require(f)) // trying leaves nothing that is in the way
		})
	}
}

// The unavailable says what it is and can be told from breakage.
func TestAFeatureThatIsNotThere(t *testing.T) {
	n := start(t)
	h := host(t, n, "h")
	succeed(t, h.SetSysctl("net.ipv4.ip_forward", "1"))

	for _, err := range []error{n.Require("magic"), h.Require("magic")} {
		if !errors.Is(err, netlab.ErrUnavailable) {
			t.Errorf("got %v, want it to wrap ErrUnavailable", err)
		}
	}
}
