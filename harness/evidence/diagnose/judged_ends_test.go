package diagnose_test

import "github.com/resetlab/resetlab/harness/evidence/diagnose"

// A judged is a capture whose verdict was written by hand, by somebody who had
// not read the rules, before they were run on it.
type judged struct {
	name   string
	link   string          // "": raw IP
	by     []diagnose.Part // who may be said to have sent the first RST; none: there is no RST
	acts   []diagnose.Act  // what may be said to have made it send the RST
	causes []string        // which causes are right
	never  []string        // parts, causes and levels of harm that must not be said
	ends   diagnose.End    // how a connection without a RST ended
	sheet  string
}

// judgedEnds are captures in which an end sent the RST.
var judgedEnds = []judged{{
	name: "a Windows server aborts in the middle of its reply", by: []diagnose.Part{diagnose.PartResponder},
	acts:   []diagnose.Act{diagnose.ActAbort, diagnose.ActUnread},
	causes: []string{"linger-zero", "unread", "killed", "cut-mid-reply", "truncated"}, never: []string{"between", "forged", "none"},
	sheet: `client linux ttl=64 port=40001 seq=1000
		server windows ttl=115 port=8080 seq=70000
		0ms c S
		31ms s SA
		0ms c A
		1ms c PA "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"
		33ms s A len=1460
		1ms s PA len=900
		0ms c A
		5s s RA win=0`,
}, {
	name: "a Windows client answers the server's FIN by a RST in the place of its own", by: []diagnose.Part{diagnose.PartInitiator},
	acts:   []diagnose.Act{diagnose.ActAbort, diagnose.ActFinished},
	causes: []string{"idle-timeout", "linger-zero"}, never: []string{"between", "forged", "certain", "possible"},
	sheet: `client windows ttl=128 port=50122 seq=4000000000
		server linux ttl=52 port=80 seq=70000
		0ms c S
		40ms s SA
		0ms c A
		1ms c PA "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
		41ms s A
		2ms s PA "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
		50ms c A
		65s s FA
		0ms c A
		10s c RA win=0`,
}, {
	name: "macOS answers a close_notify that comes after its close", by: []diagnose.Part{diagnose.PartInitiator},
	acts:   []diagnose.Act{diagnose.ActFinished},
	causes: []string{"wrote-after-close"}, never: []string{"between", "forged", "certain", "restarted"},
	sheet: `client mac ttl=64 port=49822 seq=1000
		server linux ttl=52 port=443 seq=70000
		0ms c S
		20ms s SA
		0ms c A
		1ms c PA "\x16\x03\x01\x00\x05hello"
		21ms s PA "\x16\x03\x03\x00\x05hello"
		0ms c A
		1ms c PA "\x17\x03\x03\x00\x05asked"
		21ms s PA "\x17\x03\x03\x00\x05reply"
		0ms c A
		9s c PA "\x15\x03\x03\x00\x05bye.."
		0ms c FA
		20ms s PA "\x15\x03\x03\x00\x05bye.."
		0ms s FA
		0ms c R seq=ack win=0 bare
		0ms c R seq=ack win=0 bare`,
}, {
	name: "a small device with lwIP aborts for want of memory", by: []diagnose.Part{diagnose.PartResponder},
	acts:   []diagnose.Act{diagnose.ActAbort, diagnose.ActUnread},
	causes: []string{"linger-zero", "unread", "killed", "memory", "descriptor-limit", "cut-mid-reply"}, never: []string{"between", "forged"},
	sheet: `client windows ttl=128 port=51000 seq=1000
		server lwip ttl=255 port=80 seq=6510
		0ms c S
		4ms s SA
		0ms c A
		1ms c PA "GET /status HTTP/1.1\r\nHost: 192.0.2.7\r\n\r\n"
		40ms s A
		30ms s PA len=512
		20ms c A
		2s s RA`,
}, {
	name: "Linux with tcp_abort_on_overflow resets a handshake that is complete", by: []diagnose.Part{diagnose.PartResponder},
	acts:   []diagnose.Act{diagnose.ActForgot},
	causes: []string{"accept-queue-full", "stray-segment"}, never: []string{"between", "refused"},
	sheet: `client linux ttl=64 port=40005 seq=1000
		server linux ttl=52 port=8080 seq=70000
		0ms c S
		20ms s SA
		0ms c A
		20ms s R seq=ack win=0 id=0 bare`,
}, {
	name: "Linux was rebooted and answers the next request", by: []diagnose.Part{diagnose.PartResponder},
	acts:   []diagnose.Act{diagnose.ActForgot},
	causes: []string{"restarted", "nat-forgot", "flow-expired", "gave-up"}, never: []string{"between", "none", "linger-zero"},
	sheet: `client linux ttl=64 port=40006 seq=1000
		server linux ttl=52 port=5432 seq=70000
		0ms c S
		20ms s SA
		0ms c A
		1ms c PA "select 1"
		21ms s PA "one row"
		0ms c A
		1200s c PA "select 2"
		20ms s R seq=ack win=0 id=0 bare`,
}, {
	name: "keepalive gives up a peer that is gone", by: []diagnose.Part{diagnose.PartInitiator},
	acts:   []diagnose.Act{diagnose.ActTimer},
	causes: []string{"keepalive-gave-up"}, never: []string{"between", "linger-zero", "forged"},
	sheet: `client linux ttl=64 port=40007 seq=1000
		server linux ttl=52 port=5672 seq=70000
		0ms c S
		20ms s SA
		0ms c A
		1ms c PA "hello"
		21ms s PA "hello you"
		0ms c A
		60s c A seq=-1
		20ms s A
		60s c A seq=-1
		10s c A seq=-1
		10s c A seq=-1
		10s c A seq=-1
		10s c A seq=-1
		10s c RA`,
}, {
	name: "a scan with nmap -sS, whose kernel resets what it never opened", by: []diagnose.Part{diagnose.PartInitiator},
	acts:   []diagnose.Act{diagnose.ActForgot},
	causes: []string{"health-check"}, never: []string{"between", "forged", "certain"},
	sheet: `client nmap ttl=41 port=61234 seq=3141592653
		server linux ttl=64 port=22 seq=70000
		0ms c S
		0ms s SA
		12ms c R seq=ack win=0 id=0 ttl=57`,
}, {
	name: "HAProxy's layer-4 check", by: []diagnose.Part{diagnose.PartInitiator},
	acts:   []diagnose.Act{diagnose.ActAbort},
	causes: []string{"health-check", "left-before-accept"}, never: []string{"between", "forged", "certain"},
	sheet: `client linux ttl=63 port=40009 seq=1000
		server linux ttl=64 port=8080 seq=70000
		0ms c S
		0ms s SA
		1ms c RA`,
}, {
	name: "a browser leaves a download whose numbers wrap", by: []diagnose.Part{diagnose.PartInitiator},
	acts:   []diagnose.Act{diagnose.ActAbort, diagnose.ActUnread},
	causes: []string{"left-early", "unread", "killed", "linger-zero"}, never: []string{"between", "forged", "none", "restarted"},
	sheet: `client linux ttl=50 port=40010 seq=1000
		server linux ttl=64 port=80 seq=0xfffff000
		0ms c S
		0ms s SA
		30ms c A
		1ms c PA "GET /film HTTP/1.1\r\nHost: a\r\n\r\n"
		0ms s A len=1448
		0ms s A len=1448
		0ms s A len=1448
		30ms c A
		0ms s A len=1448
		0ms s A len=1448
		10ms c RA ack=-2896
		20ms c R seq=ack win=0 id=0 bare
		0ms c R seq=ack win=0 id=0 bare`,
}, {
	name: "a server turns an upload away with 413", by: []diagnose.Part{diagnose.PartResponder},
	acts:   []diagnose.Act{diagnose.ActAbort, diagnose.ActUnread},
	causes: []string{"refused-upload", "unread"}, never: []string{"between", "forged", "none", "health-check"},
	sheet: `client freebsd ttl=64 port=40011 seq=1000
		server linux ttl=52 port=80 seq=70000
		0ms c S
		20ms s SA
		0ms c A
		1ms c PA "POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n"
		0ms c A len=1448
		0ms c A len=1448
		20ms s A
		0ms c A len=1448
		0ms c A len=1448
		1ms s PA ack=-2896 "HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\n"
		0ms s RA ack=-2896
		20ms s R seq=ack win=0 id=0 bare
		0ms s R seq=ack win=0 id=0 bare`,
}, {
	name: "a port is used again while the server holds the old connection", by: []diagnose.Part{diagnose.PartInitiator},
	acts:   []diagnose.Act{diagnose.ActStray},
	causes: []string{"port-reused", "wrong-answer-to-syn"}, never: []string{"between", "forged", "certain"},
	sheet: `client linux ttl=64 port=40012 seq=1000
		server linux ttl=52 port=6379 seq=70000
		0ms c S
		20ms s A seq=777000 ack=555000
		0ms c R seq=555000 win=0 id=0 bare
		1s c S seq=-1
		20ms s SA
		0ms c A
		1ms c PA "PING\r\n"
		21ms s PA "+PONG\r\n"
		0ms c A
		1s c FA
		20ms s FA
		0ms c A`,
}, {
	name: "Windows was rebooted and answers the next request", by: []diagnose.Part{diagnose.PartResponder},
	acts:   []diagnose.Act{diagnose.ActForgot},
	causes: []string{"restarted", "nat-forgot", "flow-expired", "gave-up", "idle-timeout"}, never: []string{"between", "none", "forged"},
	sheet: `client linux ttl=64 port=40013 seq=1000
		server windows ttl=115 port=1433 seq=70000
		0ms c S
		30ms s SA
		0ms c A
		1ms c PA "select 1"
		31ms s PA "one row"
		0ms c A
		900s c PA "select 2"
		30ms s RA win=0 id=812`,
}}
