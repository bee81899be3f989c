package diagnose

import (
	"slices"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/evidence"
)

// multipathReason returns the reason that a RST itself tells by its options of
// Multipath TCP, "" if it has none (RFC 8684, sections 3.5 and 3.6;
// include/net/mptcp.h).
func multipathReason(rst *evidence.Packet) string {
	const fastClose, tcpRST = 7, 8 // subtypes
	reasons := []string{           // by their codes
		"MPTCP_RST_EUNSPEC", "MPTCP_RST_EMPTCP", "MPTCP_RST_ERESOURCE", "MPTCP_RST_EPROHIBIT", "MPTCP_RST_EWQ2BIG",
		"MPTCP_RST_EBADPERF", "MPTCP_RST_EMIDDLEBOX",
	}
	if options, read := rst.TCPOptions(); read && !slices.Contains(options.Kinds, byte(layers.TCPOptionKindMultipathTCP)) {
		return "" // as nearly all have none; gopacket's decoder costs more than the rest of a diagnosis
	}
	header := header(rst)
	if header == nil {
		return ""
	}
	for _, option := range header.Options {
		if option.OptionType != layers.TCPOptionKindMultipathTCP || len(option.OptionData) < 2 {
			continue
		}
		switch option.OptionData[0] >> 4 {
		case fastClose:
			return "TCP_ABORT_ON_CLOSE" // net/mptcp/protocol.c, mptcp_do_fastclose
		case tcpRST:
			if code := int(option.OptionData[1]); code < len(reasons) {
				return reasons[code]
			}
		}
	}
	return ""
}

// header decodes the TCP header of a segment, as far as it was captured; nil if
// it was not.
func header(p *evidence.Packet) *layers.TCP {
	if len(p.Data) == 0 {
		return nil
	}
	first := layers.LayerTypeIPv4
	if p.Data[0]>>4 == 6 {
		first = layers.LayerTypeIPv6
	}
	header, _ := gopacket.NewPacket(p.Data, first, gopacket.NoCopy).Layer(layers.LayerTypeTCP).(*layers.TCP)
	return header
}
