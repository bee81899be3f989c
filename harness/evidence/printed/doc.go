// Package printed reads TCP segments from what tcpdump and tshark print, as
// people paste it: with prose, log prefixes and quotation marks around it, and
// broken into lines by mail.
//
//	r, err := printed.Open(text)
//	for err == nil {
//		var segment evidence.Segment
//		segment, err = r.Next() // io.EOF after the last
//	}
//	for _, o := range r.Omissions() { … } // the lines that could not be read, with their numbers
//
// Nothing is guessed: what a line does not show is in Packet.Unknown.
//
//   - tcpdump makes sequence numbers relative to the first segment with ACK that it
//     saw. Where the text shows that one, or the SYN, they are made whole again.
//     Elsewhere, and for tshark's, [evidence.FieldOrigin] is unknown: they are
//     comparable within their connection only. tcpdump never makes that of a RST
//     without ACK relative: among relative ones [evidence.FieldSeq] is unknown.
//   - tshark scales windows, and so does not show that of the header except in SYNs
//     and where it is 0. It names only some of the options, in its own order:
//     [evidence.FieldOptions] is unknown then, although Packet.Options has values.
//   - The clock of whoever captured is taken for UTC. Without a day times begin in
//     1970 and [evidence.FieldDate] is unknown.
//   - Packet.Length is counted from the headers where it is not printed.
//   - A host that is printed by name has an address of the discard prefix, 100::1
//     (RFC 6666), with the name as its zone: "100::1%www.example.org".
package printed
