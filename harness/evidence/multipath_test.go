package evidence_test

import (
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/netlab"
)

func TestTheReasonThatARSTItselfTells(t *testing.T) {
	for _, test := range []struct {
		name   string
		option []byte // without kind and length; nil: none
		want   string
	}{
		{"no option", nil, ""},
		{"MP_TCPRST without a cause", []byte{0x80, 0}, "MPTCP_RST_EUNSPEC"},
		{"MP_TCPRST of a middlebox, transient", []byte{0x81, 6}, "MPTCP_RST_EMIDDLEBOX"},
		{"MP_TCPRST with a cause that has no name", []byte{0x80, 7}, ""},
		{"MP_FASTCLOSE", []byte{0x70, 0, 1, 2, 3, 4, 5, 6, 7, 8}, "TCP_ABORT_ON_CLOSE"},
		{"MP_PRIO", []byte{0x50, 0}, ""},
		{"a short one", []byte{0x80}, ""},
	} {
		rst := netlab.Segment{Source: netip.MustParseAddrPort("10.1.0.2:1"), Flags: netlab.RST,
			Destination: netip.MustParseAddrPort("10.1.0.3:2")}
		if test.option != nil {
			rst.Options = []layers.TCPOption{{OptionType: layers.TCPOptionKindMultipathTCP,
				OptionLength: uint8(len(test.option) + 2), OptionData: test.option}}
		}
		data, err := rst.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if got := evidence.MultipathReason(&evidence.Packet{Data: data}); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	if got := evidence.MultipathReason(&evidence.Packet{}); got != "" {
		t.Errorf("nothing was captured: got %q, want none", got)
	}
}
