package diagnose_test

import (
	"testing"

	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// A tellable is a capture of which the wire tells the cause, or one that looks
// almost like that and of which it does not.
type tellable struct {
	judged
	told bool // with both ends captured
}

// judgedTellable are such captures, those that differ in one thing side by side.
var judgedTellable = []tellable{
	{told: true, judged: judged{
		name: "a check of HAProxy's resets in the place of the handshake's ACK", by: []diagnose.Part{diagnose.PartInitiator},
		acts: []diagnose.Act{diagnose.ActAbort}, causes: []string{"health-check"},
		sheet: `client linux ttl=64 port=40100 seq=1000
			server linux ttl=60 port=8080 seq=70000
			0ms c S
			1ms s SA
			4ms c RA`,
	}},
	{judged: judged{
		name: "a client of Windows gives up as it is connected", by: []diagnose.Part{diagnose.PartInitiator},
		acts: []diagnose.Act{diagnose.ActAbort, diagnose.ActForgot}, causes: []string{"left-before-accept", "linger-zero"},
		sheet: `client windows ttl=128 port=50100 seq=1000
			server linux ttl=60 port=8080 seq=70000
			0ms c S
			1ms s SA
			4ms c RA win=0`,
	}},
	{judged: judged{
		name: "a client gives up behind its ACK", by: []diagnose.Part{diagnose.PartInitiator},
		acts: []diagnose.Act{diagnose.ActAbort}, causes: []string{"left-before-accept"},
		sheet: `client linux ttl=64 port=40101 seq=1000
			server linux ttl=60 port=8080 seq=70000
			0ms c S
			1ms s SA
			0ms c A
			4ms c RA`,
	}},
	{judged: judged{
		name: "a client leaves behind a greeting, and the capture lacks its ACK", by: []diagnose.Part{diagnose.PartInitiator},
		acts: []diagnose.Act{diagnose.ActAbort, diagnose.ActUnread}, causes: []string{"unread", "left-early"},
		sheet: `client linux ttl=64 port=40102 seq=1000
			server linux ttl=60 port=22 seq=70000
			0ms c S
			1ms s SA
			9ms s PA "SSH-2.0-x\r\n"
			4ms c RA`,
	}},
	{told: true, judged: judged{
		name: "an old segment meets TIME-WAIT", by: []diagnose.Part{diagnose.PartInitiator},
		acts: []diagnose.Act{diagnose.ActFinished}, causes: []string{"time-wait-assassinated"},
		sheet: `client linux ttl=64 port=40103 seq=1000
			server linux ttl=60 port=80 seq=70000
			0ms c S
			1ms s SA
			0ms c A
			1ms c PA "ask"
			1ms s A
			1ms s PA "answer"
			0ms c A
			1ms s FA
			0ms c FA
			1ms s A
			90ms c PA seq=-4 "ask"
			1ms s A
			0ms c R seq=ack win=0 id=0 bare`,
	}},
	{judged: judged{
		name: "an end answers a segment that comes behind both FINs", by: []diagnose.Part{diagnose.PartInitiator},
		acts: []diagnose.Act{diagnose.ActFinished}, causes: []string{"wrote-after-close"},
		sheet: `client linux ttl=64 port=40104 seq=1000
			server linux ttl=60 port=80 seq=70000
			0ms c S
			1ms s SA
			0ms c A
			1ms c PA "ask"
			1ms s A
			0ms c FA
			1ms s PA "answer"
			0ms s FA
			0ms c R seq=ack win=0 id=0 bare
			0ms c R seq=ack win=0 id=0 bare`,
	}},
}

// TestTellable: what the wire can tell is told, and what looks almost like it is
// not.
func TestTellable(t *testing.T) {
	for _, j := range judgedTellable {
		r, err := reported(readSheet(j.sheet).file("raw", func(string) bool { return true }))
		if err != nil || len(r.Found) == 0 {
			t.Errorf("%s: nothing was found: %v", j.name, err)
			continue
		}
		d := r.Found[0].Diagnosis
		told := d.SureOfCause != diagnose.Undecided
		if told != j.told || told && d.Causes[0] != j.causes[0] {
			t.Errorf("%s: told %v %v (%s, by %q), want %v %v", j.name, told, d.Causes, d.Picture, d.Clue, j.told, j.causes)
		}
	}
}
