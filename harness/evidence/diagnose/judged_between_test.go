package diagnose_test

import "github.com/resetlab/resetlab/harness/evidence/diagnose"

// judgedBetween are captures in which a device between the ends sent the RST, or
// one of the ends that is such a device to its users.
var judgedBetween = []judged{{
	name: "keepalive after a home router forgot the connection", by: []diagnose.Part{diagnose.PartBetween},
	acts:   []diagnose.Act{diagnose.ActReject, diagnose.ActForgot},
	causes: []string{"nat-forgot", "flow-expired", "firewall-rejects", "idle-timeout"}, never: []string{"responder", "forged", "restarted", "certain"},
	sheet: `client linux ttl=64 port=40014 seq=1000
		server freebsd ttl=49 port=22 seq=70000
		0ms c S
		30ms s SA
		0ms c A
		1ms c PA "SSH-2.0-a\r\n"
		31ms s PA "SSH-2.0-b\r\n"
		0ms c A
		7200s c A seq=-1
		1ms s R seq=ack win=0 id=0 ttl=64 bare`,
}, {
	name: "a national firewall answers a word in a request", by: []diagnose.Part{diagnose.PartBetween},
	acts:   []diagnose.Act{diagnose.ActInject},
	causes: []string{"forged"}, never: []string{"responder", "none", "unread"},
	sheet: `client linux ttl=64 port=40015 seq=1000
		server linux ttl=47 port=80 seq=70000
		0ms c S
		180ms s SA
		0ms c A
		1ms c PA "GET /?q=forbidden HTTP/1.1\r\nHost: a\r\n\r\n"
		12ms s RA win=1034 id=41987 ttl=97 bare
		0ms s RA seq=+1460 win=1035 id=41988 ttl=98 bare
		0ms s RA seq=+4380 win=1036 id=41989 ttl=99 bare
		168ms s A
		1ms s PA "HTTP/1.1 200 OK\r\n\r\nhi"
		0ms c R seq=ack win=0 id=0 bare
		0ms c R seq=ack win=0 id=0 bare`,
}, {
	name: "a provider's appliance ends a transfer between peers", by: []diagnose.Part{diagnose.PartBetween},
	acts:   []diagnose.Act{diagnose.ActInject},
	causes: []string{"forged"}, never: []string{"responder", "none"},
	sheet: `client windows ttl=128 port=51413 seq=1000
		server windows ttl=108 port=6881 seq=70000
		0ms c S
		90ms s SA
		0ms c A
		1ms c PA "\x13BitTorrent protocol........................"
		95ms s PA "\x13BitTorrent protocol........................"
		2ms s R win=0 id=0x3412 ttl=61
		0ms s R seq=+12503 win=0 id=0x3412 ttl=61
		90ms s PA len=1200
		0ms c RA win=0`,
}, {
	name: "a load balancer in the cloud resets after 240 s of silence", by: []diagnose.Part{diagnose.PartBetween},
	acts:   []diagnose.Act{diagnose.ActInject, diagnose.ActReject},
	causes: []string{"flow-expired", "idle-timeout", "nat-forgot"}, never: []string{"responder", "restarted", "forged", "certain"},
	sheet: `client linux ttl=64 port=40017 seq=1000
		server windows ttl=113 port=1433 seq=70000
		0ms c S
		30ms s SA
		0ms c A
		1ms c PA "select 1"
		31ms s PA "one row"
		0ms c A
		240s s RA win=0 id=0 ttl=55`,
}, {
	name: "a firewall rejects a second connection to a host that is farther away", by: []diagnose.Part{diagnose.PartBetween},
	acts:   []diagnose.Act{diagnose.ActReject, diagnose.ActRefused},
	causes: []string{"firewall-rejects", "banned"}, never: []string{"responder", "certain"},
	sheet: `client linux ttl=64 port=40018 seq=1000
		server linux ttl=49 port=80 seq=70000
		0ms c S
		30ms s SA
		0ms c A
		1ms c PA "GET / HTTP/1.0\r\n\r\n"
		31ms s PA "HTTP/1.0 200 OK\r\n\r\nhi"
		0ms c A
		1ms s FA
		0ms c FA
		30ms s A
		client linux ttl=64 port=40019 seq=500000
		server linux ttl=49 port=8443 seq=0
		1s c S
		1ms s RA seq=0 win=0 id=0 ttl=63 bare`,
}, {
	name: "BIG-IP says in its RST that the flow has expired", by: []diagnose.Part{diagnose.PartResponder},
	acts:   []diagnose.Act{diagnose.ActAbort, diagnose.ActTimer},
	causes: []string{"idle-timeout", "flow-expired"}, never: []string{"certain", "restarted", "forged"},
	sheet: `client linux ttl=64 port=40020 seq=1000
		server bigip ttl=250 port=80 seq=70000
		0ms c S
		9ms s SA
		0ms c A
		1ms c PA "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
		9ms s PA "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
		0ms c A
		300s s RA win=0 "[0x2409eec:1212] Flow expired (sweeper)"`,
}, {
	name:   "a blind RST misses, and the connection lives on",
	by:     []diagnose.Part{diagnose.PartBetween, diagnose.PartUnknown},
	acts:   []diagnose.Act{diagnose.ActInject},
	causes: []string{"inexact-reset", "forged"}, never: []string{"responder", "certain", "possible"},
	sheet: `client linux ttl=64 port=40021 seq=1000
		server linux ttl=52 port=179 seq=70000
		0ms c S
		20ms s SA
		0ms c A
		1ms c PA "open"
		21ms s PA "open"
		0ms c A
		30s s R seq=+20000 win=0 id=9 ttl=240 bare
		0ms c A
		5s c PA "alive"
		20ms s PA "alive"
		0ms c A
		5s c FA
		20ms s FA
		0ms c A`,
}}

// judgedTwins are captures without a RST, in which there is nothing to report.
var judgedTwins = []judged{{
	name: "a half-close within two VLANs", link: "vlan", ends: diagnose.EndFinished,
	sheet: `client linux ttl=64 port=40022 seq=1000
		server linux ttl=64 port=80 seq=70000
		0ms c S
		0ms s SA
		0ms c A
		1ms c PA "sort these"
		0ms c FA
		1ms s A
		5s s PA len=1400
		0ms c A
		5s s PA len=1400
		0ms c A
		0ms s FA
		0ms c A`,
}, {
	name: "keepalive over hours, answered each time", ends: diagnose.EndFinished,
	sheet: `client windows ttl=128 port=50023 seq=1000
		server freebsd ttl=60 port=22 seq=70000
		0ms c S
		5ms s SA
		0ms c A
		1ms c PA "hello"
		6ms s PA "hello you"
		0ms c A
		7200s c A seq=-1 len=1
		5ms s A
		7200s c A seq=-1 len=1
		5ms s A
		7200s c A seq=-1 len=1
		5ms s A
		60s c FA
		5ms s A
		0ms s FA
		0ms c A`,
}, {
	name: "each packet twice, one sent again, and the ports used again", link: "any", ends: diagnose.EndFinished,
	sheet: `client linux ttl=64 port=40024 seq=1000
		server linux ttl=64 port=80 seq=70000
		0ms c S
		0ms s SA
		0ms c A
		1ms c PA "hello"
		210ms c PA seq=-5 "hello"
		0ms s A
		1ms s PA "hello you"
		0ms c A
		0ms c FA
		0ms s FA
		0ms c A
		client linux ttl=64 port=40024 seq=9000000
		server linux ttl=64 port=80 seq=8000000
		70s c S
		0ms s SA
		0ms c A
		1ms c PA "again"
		1ms s PA "again you"
		0ms c A
		0ms s FA
		0ms c FA
		0ms s A`,
}, {
	name: "both ends open and both close at the same time", ends: diagnose.EndFinished,
	sheet: `client linux ttl=64 port=5000 seq=1000
		server linux ttl=60 port=5001 seq=70000
		0ms c S
		1ms s S
		3ms c SA seq=-1
		1ms s SA seq=-1
		2ms c PA "one"
		0ms s PA ack=-3 "two"
		4ms c A
		0ms s A
		1s c FA
		0ms s FA ack=-1
		4ms c A
		0ms s A`,
}, {
	name: "a sender hits TCP_USER_TIMEOUT, in silence", ends: diagnose.EndTimedOut,
	sheet: `client linux ttl=64 port=40026 seq=1000
		server linux ttl=52 port=5432 seq=70000
		0ms c S
		20ms s SA
		0ms c A
		1ms c PA "select 1"
		21ms s PA "one row"
		0ms c A
		10s c PA "select 2"
		220ms c PA seq=-8 "select 2"
		440ms c PA seq=-8 "select 2"
		880ms c PA seq=-8 "select 2"
		1760ms c PA seq=-8 "select 2"
		3520ms c PA seq=-8 "select 2"
		7040ms c PA seq=-8 "select 2"`,
}, {
	name: "a capture that dropped packets while the numbers wrapped", ends: diagnose.EndFinished,
	sheet: `client mac ttl=64 port=50027 seq=0xfffffff0
		server windows ttl=115 port=443 seq=0xfffffc00
		0ms c S
		20ms s SA
		0ms c A
		1ms c PA "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
		20ms s A len=1400
		0ms s A len=1400 hidden
		0ms s A len=1400 hidden
		0ms c A
		1ms s PA len=300
		0ms c A hidden
		3s s FA
		0ms c A
		0ms c FA
		20ms s A`,
}}
