// Package savefile reads the TCP segments of capture files: pcap
// (pcap-savefile(5)) and pcapng, by content and not by name, compressed with
// gzip or not.
//
//	r, err := savefile.Open(file)
//	for err == nil {
//		var segment evidence.Segment
//		segment, err = r.Next() // io.EOF after the last
//	}
//	for _, o := range r.Omissions() { … } // what was no TCP segment, or could not be read
//
// ICMP errors that quote segments are handed over as well: see [Reader.OnICMP].
//
// A file is a stranger's: memory stays below a few MB whatever lengths, options
// and interfaces it claims. The package is pure and builds for a browser.
//
// The frames of a file are told apart here and not by gopacket's pcapgo, because
// that one gives no position for its errors, refuses what libpcap reads (other
// versions, records longer than their packets), and keeps all names and secrets
// of a file in memory. What is behind the usual link layers, tunnels above all,
// is gopacket's.
package savefile
