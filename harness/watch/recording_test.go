package watch_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch"
)

var update = flag.Bool("update", false, "write the golden files")

// recorded are diagnoses of each kind, by the name of their golden card.
func recorded() map[string]watch.Diagnosis {
	unread := event(func(e *watch.Event) {
		e.Reason, e.Unread, e.Call, e.Age = "TCP_ABORT_ON_CLOSE", 512, "close", 1200*time.Millisecond
		e.BytesSent, e.BytesReceived, e.Owner.How = 40, 552, watch.AtHand
		e.Group = watch.Group{Unit: "nginx.service"}
	})
	joined := unread.Diagnose(0)
	peer := received(tcp.StateEstablished, func(e *watch.Event) {
		e.Time = unread.Time.Add(30 * time.Microsecond)
		e.Local, e.Remote, e.Owner = unread.Remote, unread.Local, watch.Owner{Process: watch.Process{PID: 99, Name: "curl"}, How: watch.Connected}
	})
	joined.Peer = new(watch.Event)
	peerEvent := event(peer)
	*joined.Peer = peerEvent
	killed := event(func(e *watch.Event) {
		e.Reason, e.Unread, e.Dying, e.Signal = "TCP_ABORT_ON_CLOSE", 512, true, "SIGKILL"
	})
	return map[string]watch.Diagnosis{
		"unread":  joined,
		"killed":  killed.Diagnose(3),
		"refused": event(passive("SYN", 0, func(e *watch.Event) { e.Reason, e.Whole, e.Was = "NO_SOCKET", false, "" })).Diagnose(0),
		"forgotten": event(passive("PSH ACK", 9, func(e *watch.Event) {
			e.Reason, e.Whole, e.Was = "NO_SOCKET", false, ""
		})).Diagnose(0),
		"idle":        event(received(tcp.StateEstablished, func(e *watch.Event) { e.Idle = 301 * time.Second })).Diagnose(0),
		"unreachable": event(received(tcp.StateEstablished, func(e *watch.Event) { e.Kind, e.Error = watch.Failed, "EHOSTUNREACH" })).Diagnose(0),
	}
}

// A recording says in a card what the kernel told, and has no packet that nobody
// saw; stored and read again the engine says the same of it.
func TestRecording(t *testing.T) {
	for name, d := range recorded() {
		t.Run(name, func(t *testing.T) {
			var stored bytes.Buffer
			if err := d.Recording("Linux").Write(&stored); err != nil {
				t.Fatal(err)
			}
			r, err := evidence.Read(&stored)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range r.Events {
				if e.Packet != nil && (d.Answered == nil || e.Packet.RST()) {
					t.Errorf("nobody saw %v", e.Packet)
				}
			}
			card := strings.Join(report.CardSteps(r, report.CardOptions{}), "")
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(card), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(golden); err != nil || card != string(want) {
				t.Errorf("got\n%s\nwant\n%s%v", card, want, err)
			}
			judged := diagnose.Judge(r)
			if len(judged) != 1 || len(judged[0].Verdicts) != 1 {
				t.Fatalf("judged again: %+v", judged)
			}
			v := judged[0].Verdicts[0]
			causes := append([]string{d.Cause}, d.Or...)
			if !reflect.DeepEqual(v.Causes, causes) || judged[0].Harm.Level != d.Harm || v.Why != d.Why || v.Level != d.Level {
				t.Errorf("judged again it is %q, %s, %s, harm %s; it was %q, %s, %s, harm %s", v.Causes, v.Why, v.Level, judged[0].Harm.Level,
					causes, d.Why, d.Level, d.Harm)
			}
		})
	}
}

// Names that programs give themselves are made harmless.
func TestRecordingOfAHostileName(t *testing.T) {
	d := event(func(e *watch.Event) { e.Owner.Name = "\x1b]0;x\a\n" }).Diagnose(0)
	text := d.Recording("Linux").String()
	if strings.ContainsAny(text, "\x1b\a") {
		t.Errorf("got %q", text)
	}
}
