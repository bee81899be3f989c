package report

import (
	"fmt"
	"io"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/resetlab/resetlab/harness/evidence"
)

// Pcapng writes the segments of a recording as a capture file of raw IP
// packets (pcapng, LINKTYPE_RAW), stamped to the nanosecond. Who sent a RST
// and why stands in the comment of its packet, what was run in that of the
// file. A recording without the wire lane gives a file without packets. The
// error is that of writing to w.
func Pcapng(w io.Writer, r *evidence.Recording) error {
	r = rewrite(r, plain)
	comment := r.Scenario + " · evidence: " + evidenceText(r)
	for _, text := range lostTexts(r, 0) {
		comment += " · " + text
	}
	ng, err := pcapgo.NewNgWriterInterface(w,
		pcapgo.NgInterface{Name: "resetlab", LinkType: layers.LinkTypeRaw},
		pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{
			Application: "resetlab", OS: r.System, Comment: comment}})
	if err != nil {
		return fmt.Errorf("write the capture's header: %w", err)
	}
	comments := map[int][]string{}
	for _, v := range r.Resets {
		comments[v.Event] = append(comments[v.Event], resetComments(r, v)...)
	}
	for i, e := range r.Events {
		if e.Packet == nil || len(e.Packet.Data) == 0 {
			continue
		}
		info := gopacket.CaptureInfo{
			Timestamp:     stamp(r.Started, e.At),
			CaptureLength: len(e.Packet.Data),
			Length:        max(e.Packet.Length, len(e.Packet.Data)),
		}
		options := pcapgo.NgPacketOptions{Comments: comments[i]}
		if err := ng.WritePacketWithOptions(info, e.Packet.Data, options); err != nil {
			return fmt.Errorf("write segment %d: %w", i, err)
		}
	}
	if err := ng.Flush(); err != nil {
		return fmt.Errorf("write the capture: %w", err)
	}
	return nil
}

// stamp returns the time of an event. A recording that does not know when it
// was made counts from the epoch.
func stamp(started time.Time, at time.Duration) time.Time {
	if started.IsZero() {
		started = time.Unix(0, 0)
	}
	return started.Add(at)
}

// resetComments says who sent a RST, why, and how that is known, a comment for
// each: readers of captures show one line of a comment.
func resetComments(r *evidence.Recording, v evidence.Reset) []string {
	texts := []string{"RST from " + senderText(v), "why: " + whyText(v)}
	if v.Clue != "" {
		texts = append(texts, "clue: "+v.Clue)
	}
	for _, l := range v.Lost {
		texts = append(texts, "lost: "+lossText(l))
	}
	return append(texts, "evidence: "+string(v.Level))
}
