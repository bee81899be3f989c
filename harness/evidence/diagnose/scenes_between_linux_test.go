package diagnose_test

import (
	"os"
	"time"

	"github.com/resetlab/resetlab/harness/netlab"
)

// scenes are those that are recorded.
func scenes() []scene {
	return []scene{
		{"firewall-rejects-both-ends", "a NAT that was restarted, and a firewall whose flow expired, look alike", bothRejected},
		{"firewall-rejects-an-unanswered-request", "a ban looks alike", unansweredRejected},
		{"firewall-rejects-by-a-sensor-at-both-ends", "forged RSTs to both ends look alike", sensorRejects},
		{"firewall-rejects-by-a-sensor-that-both-ends-ignore", "likewise", sensorIgnored},
		{"firewall-rejects-by-a-sensor-that-the-client-ignores", "likewise", sensorHalfIgnored},
		{"inexact-reset-ahead-of-a-response", "a forged RST within the window looks alike", aheadOfResponse},
		{"forged-for-a-lost-request", "a firewall that rejects an open connection looks alike", forgedForLost},
		{"forged-after-silence", "a load balancer that resets both ends of an idle flow looks alike", forgedAfterSilence},
		{"forged-before-the-request", "a RST of a peer that goes on looks alike", forgedBeforeRequest},
		{"forged-ahead-of-the-request", "a RST that overtook what is lost looks alike", forgedAheadOfRequest},
		{"forged-behind-the-request", "a RST of the peer itself looks alike", forgedBehindRequest},
		{"forged-behind-a-hole", "likewise, where SACK told of a hole", forgedBehindHole},
		{"forged-beside-the-next-number", "an inexact RST looks alike", forgedBeside},
	}
}

// The marks of a device that makes its RSTs itself: they are of no host here.
const (
	deviceTTL = 57
	deviceID  = 0x7777
	oneHop    = 63 // what is left of a host's TTL behind the router
)

// answers returns RSTs to both ends of a segment that was acknowledged, in the
// name of the other.
func answers(data netlab.Segment, ttl uint8, id uint16) (toSender, toReceiver netlab.Segment) {
	return netlab.Segment{Source: data.Destination, Destination: data.Source, Seq: data.Ack, Flags: netlab.RST, TTL: ttl, ID: id},
		netlab.Segment{Source: data.Source, Destination: data.Destination, Seq: data.Next(), Flags: netlab.RST, TTL: ttl, ID: id}
}

// bothRejected: the router's kernel rejects what either end says.
func bothRejected(s *stage) {
	s.connect()
	s.request("a")
	s.block(s.router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.RejectReset})
	s.write(s.near, "b")
	s.must(s.near.AwaitReset(s.ctx))
	s.write(s.far, "c")
	s.must(s.far.AwaitReset(s.ctx))
}

// unansweredRejected: the same, to the first request; the server, which knows
// nothing of it, speaks later. What is left of the TTL of the firewall's RSTs is
// what is left of the server's, as where a firewall has another TTL to begin with.
func unansweredRejected(s *stage) {
	s.connect()
	s.must(s.router.SetSysctl("net.ipv4.ip_default_ttl", "63"))
	rule := s.block(s.router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.RejectReset})
	s.write(s.near, "a")
	s.must(s.near.AwaitReset(s.ctx))
	s.must(rule.Lift())
	s.write(s.far, "b")
	s.must(s.far.AwaitReset(s.ctx))
}

// A sensor stands for a device beside the way that rejects in user space, and
// builds its RSTs itself: with a TTL and an IP id of its own and without ACK, as
// ipfw(8)'s reset does (sys/netpfil/ipfw/ip_fw2.c, ipfw_send_pkt). It sees copies
// of the segments, and looks at what was acknowledged, as Suricata does where it
// does not stand in the way (stream.inline: no). One request it lets pass, the
// next one not.
func (s *stage) sensor() (toClient, toServer netlab.Segment) {
	const forbidden = "GET /forbidden"
	s.request("GET /allowed")
	s.write(s.near, forbidden)
	s.reads(s.far, forbidden)
	data := s.passes(func(p netlab.Segment) bool { return string(p.Payload) == forbidden })
	s.passes(func(p netlab.Segment) bool { return p.Source == data.Destination && p.Ack == data.Next() })
	return answers(data, deviceTTL, deviceID)
}

// ignore has a host drop RSTs with another TTL than that of its peer.
func (s *stage) ignore(h *netlab.Host) {
	s.block(h, netlab.Rule{Hook: netlab.Input, Reset: true, NotTTL: oneHop, Verdict: netlab.Drop})
}

func sensorRejects(s *stage) {
	s.connect()
	toClient, toServer := s.sensor()
	s.send(toClient)
	s.send(toServer)
	s.must(s.near.AwaitReset(s.ctx))
	s.must(s.far.AwaitReset(s.ctx))
}

func sensorIgnored(s *stage) {
	s.connect()
	s.ignore(s.client)
	s.ignore(s.server)
	toClient, toServer := s.sensor()
	s.send(toClient)
	s.send(toServer)
	s.request("b")
	s.write(s.far, "c")
	s.reads(s.near, "c")
	s.finish(s.near, s.far)
}

func sensorHalfIgnored(s *stage) {
	s.connect()
	s.ignore(s.client)
	toClient, toServer := s.sensor()
	s.send(toClient)
	s.send(toServer)
	s.must(s.far.AwaitReset(s.ctx))
	s.write(s.near, "b")
	s.must(s.near.AwaitReset(s.ctx))
}

// aheadOfResponse: a device resets the client behind a response that is lost, so
// that the RST is not exact when it comes. The response is sent again.
func aheadOfResponse(s *stage) {
	s.connect()
	s.request("a")
	rule := s.block(s.router, netlab.Rule{Hook: netlab.Forward, Source: s.shaken.Destination, Verdict: netlab.Drop})
	s.write(s.far, "b")
	response := s.passes(func(p netlab.Segment) bool { return string(p.Payload) == "b" })
	_, toClient := answers(response, deviceTTL, deviceID)
	s.send(toClient)
	_, err := s.clientTap.Await(s.ctx, func(p netlab.Segment) bool { return p.Outgoing && p.Flags == netlab.ACK })
	s.must(err) // it is challenged
	s.must(rule.Lift())
	s.reads(s.near, "b")
	s.finish(s.far, s.near)
}

// forgedForLost: somebody answers a request as the kernel of a firewall does, and
// behind him it is lost.
func forgedForLost(s *stage) {
	s.connect()
	rule := s.block(s.server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop})
	s.write(s.near, "a")
	request := s.passes(func(p netlab.Segment) bool { return string(p.Payload) == "a" })
	toClient, _ := answers(request, 64, 0)
	s.send(toClient)
	s.must(s.near.AwaitReset(s.ctx))
	s.must(rule.Lift())
	s.write(s.far, "b")
	s.must(s.far.AwaitReset(s.ctx))
}

// forgedAfterSilence: what is forged comes when nothing was said for a while.
func forgedAfterSilence(s *stage) {
	s.connect()
	toClient, toServer := answers(s.request("a"), deviceTTL, deviceID)
	const silence = 1200 * time.Millisecond
	s.must(s.near.SetReadDeadline(time.Now().Add(silence)))
	if _, err := s.near.Read(make([]byte, 1)); !os.IsTimeout(err) {
		s.Fatalf("the read ended with %v, want nothing to come", err)
	}
	s.must(s.near.SetReadDeadline(time.Time{}))
	s.send(toClient)
	s.send(toServer)
	s.must(s.near.AwaitReset(s.ctx))
	s.must(s.far.AwaitReset(s.ctx))
}

// forgedBeside: the RST is beside the number that the server expects.
func forgedBeside(s *stage) {
	s.connect()
	data := s.request("a")
	_, toServer := answers(data, deviceTTL, 0)
	toServer.Seq++
	s.send(toServer)
	s.request("b")
	s.finish(s.near, s.far)
}
