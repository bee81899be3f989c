package evidence

import (
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// multipathReasons are the reasons that a host tells in MP_TCPRST, by their
// codes (RFC 8684, section 3.6; include/net/mptcp.h).
var multipathReasons = []string{
	"MPTCP_RST_EUNSPEC", "MPTCP_RST_EMPTCP", "MPTCP_RST_ERESOURCE", "MPTCP_RST_EPROHIBIT", "MPTCP_RST_EWQ2BIG",
	"MPTCP_RST_EBADPERF", "MPTCP_RST_EMIDDLEBOX",
}

// multipathReason returns the reason that a RST itself tells by its options of
// Multipath TCP (RFC 8684, sections 3.5 and 3.6), "" if it has none.
func multipathReason(rst *Packet) string {
	const fastClose, tcpRST = 7, 8 // subtypes
	for _, option := range options(rst) {
		if option.OptionType != layers.TCPOptionKindMultipathTCP || len(option.OptionData) < 2 {
			continue
		}
		switch option.OptionData[0] >> 4 {
		case fastClose:
			return "TCP_ABORT_ON_CLOSE" // net/mptcp/protocol.c, mptcp_do_fastclose
		case tcpRST:
			if code := int(option.OptionData[1]); code < len(multipathReasons) {
				return multipathReasons[code]
			}
		}
	}
	return ""
}

// options decodes the TCP options of a segment, as far as they were captured.
func options(p *Packet) []layers.TCPOption {
	if len(p.Data) == 0 {
		return nil
	}
	first := layers.LayerTypeIPv4
	if p.Data[0]>>4 == 6 {
		first = layers.LayerTypeIPv6
	}
	tcp, ok := gopacket.NewPacket(p.Data, first, gopacket.NoCopy).Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !ok {
		return nil
	}
	return tcp.Options
}
