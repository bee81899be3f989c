package savefile

import (
	"encoding/binary"
)

// Link-layer header types of tcpdump.org/linktypes.html. Those of raw IP have
// several numbers: files of some systems have their own.
const (
	linkNull      = 0
	linkEthernet  = 1
	linkRaw12     = 12
	linkRaw14     = 14
	linkRaw       = 101
	linkLoop      = 108
	linkPPP       = 9
	linkPPPHDLC   = 50
	linkPPPoE     = 51
	linkCiscoHDLC = 104
	linkSLL       = 113
	linkWiFi      = 105
	linkRadiotap  = 127
	linkPKTAPUser = 149 // in files of macOS before it had a number
	linkPKTAP     = 258
	linkMPLS      = 219
	linkIPv4      = 228
	linkIPv6      = 229
	linkSLL2      = 276
)

// locate finds the IP header behind the link layers that nearly all captures
// have.
func locate(f *frame) (offset int, why omission) {
	switch f.link {
	case linkEthernet:
		return afterType(f.data, 12)
	case linkRaw, linkRaw12, linkRaw14, linkIPv4, linkIPv6:
		return 0, found
	case linkSLL:
		return cooked(f)
	case linkSLL2:
		return cooked2(f)
	case linkNull, linkLoop:
		return loopback(f.data)
	case linkPPP, linkPPPHDLC:
		return afterPPP(f.data, 0)
	case linkPPPoE:
		return afterPPP(f.data, 6)
	case linkCiscoHDLC:
		return afterType(f.data, 2)
	case linkMPLS:
		return afterMPLS(f.data, 0)
	case linkRadiotap:
		return radiotap(f, 0)
	case linkWiFi:
		if len(f.data) >= 2 && f.data[0]&0x0c == 8 && f.data[1]&0x40 != 0 { // data, protected
			return 0, encrypted
		}
	case linkPKTAP, linkPKTAPUser:
		return pktap(f)
	}
	return 0, inLink
}

// afterType looks at the EtherType at an offset, and at those behind VLAN tags.
func afterType(data []byte, offset int) (int, omission) {
	for range 5 { // an EtherType and four tags
		if len(data) < offset+2 {
			return 0, cutOff
		}
		kind := binary.BigEndian.Uint16(data[offset:])
		offset += 2
		switch {
		case kind == 0x0800, kind == 0x86dd:
			return offset, found
		case kind == 0x8100, kind == 0x88a8, kind == 0x9100: // 802.1Q, 802.1ad
			offset += 2
		case kind == 0x8847, kind == 0x8848:
			return afterMPLS(data, offset)
		case kind == 0x8864: // a PPPoE session (RFC 2516)
			return afterPPP(data, offset+6)
		case kind < 0x0600: // a length, and LLC
			return 0, inLink
		default:
			return 0, notIP
		}
	}
	return 0, notIP
}

// cooked reads Linux' header of a capture on all interfaces.
func cooked(f *frame) (int, omission) {
	if len(f.data) < 16 {
		return 0, cutOff
	}
	f.leaving = binary.BigEndian.Uint16(f.data) == 4
	return afterCooked(f, 14, binary.BigEndian.Uint16(f.data[2:]), 16)
}

// cooked2 reads the second version, which knows the interface.
func cooked2(f *frame) (int, omission) {
	if len(f.data) < 20 {
		return 0, cutOff
	}
	f.leaving, f.point.index = f.data[10] == 4, int(binary.BigEndian.Uint32(f.data[4:]))
	return afterCooked(f, 0, binary.BigEndian.Uint16(f.data[8:]), 20)
}

// afterCooked looks at the protocol of a cooked frame.
func afterCooked(f *frame, at int, hardware uint16, payload int) (int, omission) {
	if hardware == 803 {
		return radiotap(f, payload)
	}
	switch kind := binary.BigEndian.Uint16(f.data[at:]); kind {
	case 0x0800, 0x86dd:
		return payload, found
	case 0x8100, 0x88a8, 0x9100:
		return afterType(f.data, payload+2)
	case 0x8847, 0x8848:
		return afterMPLS(f.data, payload)
	case 0x8864:
		return afterPPP(f.data, payload+6)
	case 4: // LLC
		return 0, inLink
	}
	return 0, notIP
}

// afterMPLS passes over a stack of labels (RFC 3032). What it carries has to be
// guessed from the version of IP, as routers do.
func afterMPLS(data []byte, offset int) (int, omission) {
	for range 16 {
		if len(data) < offset+5 {
			return 0, cutOff
		}
		bottom := data[offset+2]&1 != 0
		offset += 4
		if version := data[offset] >> 4; bottom && (version == 4 || version == 6) {
			return offset, found
		}
		if bottom {
			return 0, notIP
		}
	}
	return 0, notIP
}

// afterPPP looks at the protocol of a PPP frame (RFC 1661, section 2; RFC 1662,
// section 3.1).
func afterPPP(data []byte, offset int) (int, omission) {
	if len(data) < offset+4 {
		return 0, cutOff
	}
	if data[offset] == 0xff && data[offset+1] == 3 {
		offset += 2
	}
	protocol := int(data[offset])
	offset++
	if protocol&1 == 0 { // its last byte is the odd one
		protocol = protocol<<8 | int(data[offset])
		offset++
	}
	switch protocol {
	case 0x21, 0x57:
		return offset, found
	case 0x281, 0x283:
		return afterMPLS(data, offset)
	}
	return 0, notIP
}

// loopback reads the address family of the BSDs, in the byte order of the
// machine that captured. Each has its own number for IPv6.
func loopback(data []byte) (int, omission) {
	if len(data) < 4 {
		return 0, cutOff
	}
	family := binary.LittleEndian.Uint32(data)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(data)
	}
	switch family {
	case 2, 10, 23, 24, 28, 30:
		return 4, found
	}
	return 0, notIP
}

// radiotap leaves of a frame what is behind the header of radiotap.org.
// gopacket's decoder of it copies the frame, and offsets would not tell.
func radiotap(f *frame, offset int) (int, omission) {
	if len(f.data) < offset+8 {
		return 0, cutOff
	}
	return unwrap(f, offset+int(binary.LittleEndian.Uint16(f.data[offset+2:])), linkWiFi)
}

// pktap leaves of a frame what is behind the header of macOS (bsd/net/pktap.h in
// xnu), which names the link layer. gopacket decodes it on macOS only.
func pktap(f *frame) (int, omission) {
	if len(f.data) < 108 {
		return 0, cutOff
	}
	length, link := binary.LittleEndian.Uint32(f.data), binary.LittleEndian.Uint32(f.data[8:])
	f.leaving = f.data[36]&3 == 2
	return unwrap(f, int(min(max(length, 108), maxCaptured)), uint16(link))
}

// unwrap takes the first bytes off a frame.
func unwrap(f *frame, length int, link uint16) (int, omission) {
	if length > len(f.data) {
		return 0, cutOff
	}
	f.data, f.length, f.link = f.data[length:], f.length-length, link
	return locate(f)
}
