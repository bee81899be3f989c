package evidence

import (
	"encoding/binary"

	"github.com/resetlab/resetlab/harness/evidence/internal/ip"
)

// Fields is a set of what a source may not show of a segment.
type Fields uint16

const (
	FieldTTL     Fields = 1 << iota // TTL, the hop limit
	FieldIPID                       // IPID
	FieldWindow                     // Window
	FieldSeq                        // Seq: a tcpdump line of a bare ACK has none
	FieldAck                        // Ack
	FieldOptions                    // the options of TCP
	FieldLen                        // Len, Length
	FieldOrigin                     // what Seq and Ack count from: a printed trace may have made them relative
	FieldDate                       // the day, or all of the time, of a printed trace
)

// Lacks says whether any of the fields is unknown.
func (p *Packet) Lacks(any Fields) bool { return p.Unknown&any != 0 }

// TCPOptions are the options of a TCP header that tell stacks apart. A value
// whose Has field is false was not in the header.
type TCPOptions struct {
	// Kinds are the options in their order, as numbers of IANA's registry "TCP
	// Option Kind Numbers", padding (1, NOP) included.
	Kinds         []byte `json:"kinds,omitempty"`
	MSS           uint16 `json:"mss,omitempty"` // in bytes (RFC 9293, section 3.7.1)
	HasMSS        bool   `json:"has_mss,omitempty"`
	Scale         uint8  `json:"scale,omitempty"` // shift count of the window (RFC 7323, section 2)
	HasScale      bool   `json:"has_scale,omitempty"`
	SACKPermitted bool   `json:"sack_permitted,omitempty"` // RFC 2018
	TSVal         uint32 `json:"ts_val,omitempty"`         // RFC 7323, section 3
	TSEcr         uint32 `json:"ts_ecr,omitempty"`
	HasTimestamps bool   `json:"has_timestamps,omitempty"`
}

// TCPOptions returns the options of the segment's TCP header. ok is false if
// the source did not show them, or their bytes make no sense (RFC 9293, section
// 3.2).
func (p *Packet) TCPOptions() (o TCPOptions, ok bool) {
	if p.Options != nil {
		return *p.Options, true
	}
	raw, ok := p.optionBytes()
	if !ok {
		return o, false
	}
	for len(raw) > 0 && raw[0] != 0 {
		o.Kinds = append(o.Kinds, raw[0])
		if raw[0] == 1 {
			raw = raw[1:]
			continue
		}
		if len(raw) < 2 || raw[1] < 2 || int(raw[1]) > len(raw) {
			return o, false
		}
		o.take(raw[0], raw[2:raw[1]])
		raw = raw[raw[1]:]
	}
	return o, true
}

// take enters one option.
func (o *TCPOptions) take(kind byte, value []byte) {
	switch {
	case kind == 2 && len(value) == 2:
		o.MSS, o.HasMSS = binary.BigEndian.Uint16(value), true
	case kind == 3 && len(value) == 1:
		o.Scale, o.HasScale = value[0], true
	case kind == 4 && len(value) == 0:
		o.SACKPermitted = true
	case kind == 8 && len(value) == 8:
		o.TSVal, o.TSEcr = binary.BigEndian.Uint32(value), binary.BigEndian.Uint32(value[4:])
		o.HasTimestamps = true
	}
}

// optionBytes returns the bytes of the TCP header behind its first twenty.
func (p *Packet) optionBytes() ([]byte, bool) {
	header, ok := tcpHeader(p.Data)
	if !ok || len(header) < 20 {
		return nil, false
	}
	end := int(header[12]>>4) * 4
	if end < 20 || end > len(header) {
		return nil, false
	}
	return header[20:end], true
}

// tcpHeader returns an IP packet's bytes from the TCP header on. ok is false if
// there is no TCP header to be seen.
func tcpHeader(packet []byte) ([]byte, bool) {
	h, ok := ip.Parse(packet)
	if !ok || h.Protocol != ip.TCP || h.Cut || h.Offset != 0 {
		return nil, false
	}
	return packet[h.Len:], true
}
