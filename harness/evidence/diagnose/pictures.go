package diagnose

import (
	"slices"
	"sync"
)

// A Picture is what the segments of a connection can show of its end. Causes
// that show the same picture cannot be told apart by the wire.
type Picture struct {
	Name string
	What string // what is to be seen, in a phrase
	// Causes are those that can look so to a capture at one place, the most
	// frequent one first; BothEnds those that are left where both ends were
	// captured: nil if that rules none out.
	Causes   []string
	BothEnds []string
}

// The names of the pictures that rules speak of.
const (
	picRefused      = "refused"
	picSecondSYN    = "second SYN"
	picHandshake    = "handshake rejected"
	picScan         = "SYN ACK rejected"
	picWrongAnswer  = "wrong answer to SYN"
	picReused       = "port used again"
	picSimultaneous = "simultaneous open"
	picAbort        = "abort"
	picSilentAbort  = "abort of an end that got nothing"
	picProbe        = "abort of the initiator before any data"
	picNoACK        = "abort in the place of the handshake's ACK"
	picIdleAbort    = "abort after silence"
	picUpload       = "abort of the responder during an upload"
	picLeft         = "abort of the initiator during a response"
	picTLSToPlain   = "abort behind a ClientHello"
	picPlainToTLS   = "abort behind plain text and an alert"
	picFull         = "abort with a full buffer"
	picRejected     = "rejected by ICMP"
	picOwnFIN       = "abort behind its own FIN"
	picKeepalive    = "unanswered probes"
	picLate         = "answer behind its own FIN"
	picFINAcked     = "answer to the acknowledgement of its own FIN"
	picTimeWait     = "answer to the acknowledgement of a delayed segment"
	picForgot       = "answer within a connection"
	picForgotIdle   = "answer after silence"
	picIdleEither   = "answer or abort after silence"
	picStray        = "answer to a segment without a connection"
	picForeign      = "not of the end that it names"
	picForeignAlive = "the end that it names went on"
	picInjected     = "injected"
	picPassedBy     = "answer in the name of an end that goes on"
	picAfterRST     = "answer behind another RST"
	picProbes       = "probes, and then a RST"
	picInexact      = "challenged, and the connection went on"
	picSubflow      = "MP_TCPRST"
	picChanged      = "MP_TCPRST that blames a device"
	picBare         = "RST of unknown kind"
)

// Pictures is the table of the pictures with a RST and of those without.
func Pictures() []Picture {
	return slices.Concat(handshakePictures(), abortPictures(), answerPictures(), silentPictures())
}

func handshakePictures() []Picture {
	return []Picture{
		{picRefused, "a SYN is answered with RST ACK",
			[]string{"refused", "firewall-rejects", "banned", "forged", "listener-closed"},
			[]string{"refused", "listener-closed"}},
		{picSecondSYN, "a SYN from ports that were used before is answered with RST ACK",
			[]string{"stray-segment", "refused", "wrote-after-close", "left-early", "firewall-rejects", "banned", "forged",
				"listener-closed"},
			[]string{"stray-segment", "refused", "wrote-after-close", "left-early", "listener-closed"}},
		{picHandshake, "the handshake's ACK, or what follows it, is answered with RST, and nothing was acknowledged before",
			[]string{"accept-queue-full", "listener-closed", "stray-segment", "firewall-rejects", "upstream-refuses",
				"restarted", "gave-up", "reset-lost", "banned", "forged", "nat-forgot", "nat-passed-invalid"},
			[]string{"accept-queue-full", "listener-closed", "stray-segment", "restarted", "gave-up", "reset-lost",
				"nat-forgot", "nat-passed-invalid"}},
		{picScan, "the initiator answers a right SYN ACK with RST",
			[]string{"health-check", "left-before-accept", "forged", "firewall-rejects", "nat-forgot"},
			[]string{"health-check", "left-before-accept"}},
		{picWrongAnswer, "the initiator answers with RST what acknowledges another SYN than its own",
			[]string{"wrong-answer-to-syn", "port-reused"}, nil},
		{picReused, "a SYN is answered with a bare ACK, that with RST, and then a SYN gets through", []string{"port-reused"}, nil},
		{picSimultaneous, "two SYNs cross, and a RST answers what acknowledges neither", []string{"simultaneous-open"}, nil},
	}
}

// aborts are the causes of a socket's own RST.
func aborts(first ...string) []string {
	return foremost(first, []string{
		"unread", "linger-zero", "idle-timeout", "killed", "left-early", "refused-upload", "upstream-refuses",
		"listener-closed", "left-before-accept", "quit-pipelined", "tls-to-plain", "plain-to-tls",
		"client-certificate-missing", "max-startups", "hosts-deny", "helper-missing", "process-limit",
		"descriptor-limit", "stale-settings", "held-by-child", "health-check", "destroyed", "disconnected", "memory",
		"alive-check-failed", "impatient-finish",
	})
}

// foremost returns all names, those of first in front.
func foremost(first, all []string) []string {
	names := slices.Clone(first)
	for _, name := range all {
		if !slices.Contains(first, name) {
			names = append(names, name)
		}
	}
	return names
}

func abortPictures() []Picture {
	silent := []string{"listener-closed", "linger-zero", "upstream-refuses", "idle-timeout", "descriptor-limit",
		"killed", "left-before-accept", "health-check", "held-by-child", "destroyed", "disconnected", "max-startups"}
	return []Picture{
		{picAbort, "a socket's own RST, and bytes had come to it", aborts(), nil},
		{picSilentAbort, "a socket's own RST, and no data had come to it", silent, nil},
		{picProbe, "a socket's own RST of the initiator, before either end sent data",
			[]string{"health-check", "left-before-accept", "linger-zero", "destroyed", "disconnected", "idle-timeout",
				"killed", "held-by-child"}, nil},
		{picNoACK, "a socket's own RST of the initiator in the place of the ACK that completes the handshake",
			[]string{"health-check", "left-before-accept", "linger-zero", "destroyed", "disconnected", "killed"}, nil},
		{picIdleAbort, "a socket's own RST after silence", aborts("idle-timeout", "linger-zero"), nil},
		{picUpload, "a socket's own RST of the responder while the initiator was sending", aborts("refused-upload", "unread"), nil},
		{picLeft, "a socket's own RST of the initiator while the responder was sending", aborts("left-early", "unread"), nil},
		{picTLSToPlain, "the responder's own RST behind a ClientHello that no TLS answered", aborts("tls-to-plain", "unread"), nil},
		{picPlainToTLS, "the responder's own RST behind plain text that an alert of TLS answered", aborts("plain-to-tls", "unread"), nil},
		{picFull, "a socket's own RST with window 0: bytes fill its buffer", aborts("unread", "refused-upload", "left-early"), nil},
		{picOwnFIN, "a socket's own RST behind its own FIN", aborts("unread", "impatient-finish", "memory"), nil},
		{picKeepalive, "a socket's own RST behind probes that were not answered",
			[]string{"keepalive-gave-up", "alive-check-failed", "linger-zero"}, nil},
		{picProbes, "a socket's own RST behind probes that were answered, as far as the capture shows",
			foremost([]string{"idle-timeout", "keepalive-gave-up", "linger-zero"}, aborts()), nil},
		{picSubflow, "a RST that says by an option why Multipath TCP rejects a subflow", []string{"subflow-rejected"}, nil},
		{picChanged, "a RST that says by an option that a device changed Multipath TCP's data", []string{"changed-on-the-way"}, nil},
	}
}

func answerPictures() []Picture {
	forgot := []string{"firewall-rejects", "restarted", "gave-up", "nat-forgot", "flow-expired", "banned", "forged",
		"accept-queue-full", "stray-segment", "listener-closed", "reset-lost", "nat-passed-invalid", "killed",
		"address-gone", "destroyed"}
	known := []string{"restarted", "gave-up", "nat-forgot", "flow-expired", "accept-queue-full", "stray-segment",
		"listener-closed", "reset-lost", "nat-passed-invalid", "killed", "address-gone", "destroyed"}
	stray := []string{"stray-segment", "restarted", "nat-passed-invalid", "nat-forgot", "simultaneous-open"}
	late := []string{"wrote-after-close", "left-early", "shutdown-then-data", "killed", "max-startups", "impatient-finish",
		"idle-timeout", "time-wait-assassinated", "restarted", "gave-up", "nat-forgot", "firewall-rejects", "forged",
		"banned", "flow-expired", "nat-passed-invalid"}
	return []Picture{
		{picLate, "an end that had sent its FIN answers a segment with RST", late, late[:11]},
		{picFINAcked, "an end answers the bare acknowledgement of its FIN with RST",
			[]string{"impatient-finish", "wrote-after-close", "time-wait-assassinated", "firewall-rejects", "forged"},
			[]string{"impatient-finish", "wrote-after-close", "time-wait-assassinated"}},
		{picTimeWait, "behind a FIN each way an old segment comes, and its end answers with RST the ACK that TIME-WAIT has for it",
			[]string{"time-wait-assassinated", "wrote-after-close", "nat-forgot", "firewall-rejects", "forged"},
			[]string{"time-wait-assassinated", "wrote-after-close", "nat-forgot"}},
		{picForgot, "a segment of an open connection is answered with RST", forgot, known},
		{picForgotIdle, "the first segment after silence is answered with RST",
			foremost([]string{"flow-expired", "restarted", "nat-forgot", "gave-up"}, forgot), known},
		{picIdleEither, "the first segment after silence brings about a RST ACK, of a system that answers so and aborts so",
			foremost([]string{"flow-expired", "restarted", "idle-timeout", "nat-forgot", "gave-up"}, foremost(forgot, aborts())),
			foremost([]string{"restarted", "idle-timeout", "nat-forgot", "gave-up"}, foremost(known, aborts()))},
		{picStray, "a segment of which no connection was seen is answered with RST",
			foremost(stray, forgot), foremost(stray, known)},
		{picForeign, "a RST that differs from what the end that it names sends",
			[]string{"firewall-rejects", "forged", "banned", "flow-expired", "nat-forgot", "upstream-refuses", "inexact-reset"}, nil},
		{picForeignAlive, "a RST behind which the end that it names goes on with the connection",
			[]string{"firewall-rejects", "forged", "banned", "flow-expired", "inexact-reset"}, nil},
		{picInjected, "a RST behind which the end that it names acknowledges what the RST answered, or one of several with guessed numbers",
			[]string{"forged", "inexact-reset"}, nil},
		{picPassedBy, "an answer in the name of an end that goes on with the connection",
			[]string{"firewall-rejects", "nat-passed-invalid", "nat-forgot", "forged", "banned", "flow-expired"},
			[]string{"nat-passed-invalid", "nat-forgot"}},
		{picAfterRST, "an end that a RST had reached answers a segment with RST",
			[]string{"firewall-rejects", "forged", "banned", "flow-expired", "nat-forgot", "nat-passed-invalid", "restarted",
				"destroyed", "gave-up", "stray-segment"}, nil},
		{picInexact, "a RST that is challenged, and behind which the connection goes on", []string{"inexact-reset", "forged"}, nil},
		{picBare, "a RST of which the capture shows too little", foremost([]string{"unread", "linger-zero", "firewall-rejects", "forged",
			"wrote-after-close"}, foremost(forgot, aborts("port-reused", "wrong-answer-to-syn", "simultaneous-open",
			"time-wait-assassinated"))), nil},
	}
}

// silentPictures are those of connections that end without a RST. A connection
// that ends with FIN is no cause for complaint by itself.
func silentPictures() []Picture {
	return []Picture{
		{string(EndFinished), "a FIN each way", []string{"truncated", "bad-certificate", "proxy-hid-it", "half-close-lost",
			"own-close", "idle-timeout", "alive-check-failed", "cut-mid-reply", "killed"}, nil},
		{string(EndHalfClosed), "a FIN one way", []string{"own-shutdown", "held-by-child", "half-close-lost"}, nil},
		{string(EndOpen), "nothing ends it", []string{"busy", "reset-lost", "held-by-child"}, nil},
		{string(EndTimedOut), "segments sent again and again, unanswered",
			[]string{"firewall-drops", "flow-expired", "address-gone", "gave-up", "banned"}, nil},
		{string(EndUnanswered), "SYNs that nothing answers",
			[]string{"firewall-drops", "banned", "accept-queue-full", "signature-missing", "address-gone"}, nil},
		{string(EndUnreachable), "ICMP says that there is no way", []string{"icmp-unreachable", "firewall-rejects", "banned", "address-gone"}, nil},
		{picRejected, "ICMP says that it is forbidden, or that nobody listens", []string{"firewall-rejects", "banned", "icmp-unreachable"}, nil},
	}
}

// picture returns the picture of that name. Its lists are shared by all who ask.
func picture(name string) Picture { return picturesByName()[name] }

// picturesByName is made once, since each RST of a capture asks for it.
var picturesByName = sync.OnceValue(func() map[string]Picture {
	byName := map[string]Picture{}
	for _, p := range Pictures() {
		byName[p.Name] = p
	}
	return byName
})
