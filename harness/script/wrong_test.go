package script_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/script"
)

// TestWrong: each wrong script is told from a right one, with the place, and in
// words that help whoever is new to this.
func TestWrong(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		// Who calls.
		{`read 10`, `line 1, column 1: "read" is a call, and nobody calls it: client read`},
		{`"ab"`, `line 1, column 1: a line begins with who calls, and "ab" is nobody: client read 10`},
		{`2client read 10`, `line 1, column 1: "2client" is no name: letters, then letters, digits and -`},
		{`client/ read 10`, `line 1, column 1: the thread is empty: client, or client/reader`},
		{`nobody read 10`, `line 1, column 1: "nobody" is a name of its own and no socket`},
		{`wire/x rst from client`, `line 1, column 1: wire has no threads`},
		{strings.Repeat("a", 33) + ` read 1`, `at most 32 letters`},
		{`client/* read 10`, `line 1, column 1: client/* only returns: client read`},
		// What.
		{`client`, `line 1, column 7: behind client a call is missing: client read 10`},
		{`client raed 10`, `line 1, column 8: there is no call "raed": do you mean read?`},
		{`client shutdwon write`, `line 1, column 8: there is no call "shutdwon": do you mean shutdown?`},
		{`client reset`, `there is no call "reset": abort sends a RST; await rst waits for one`},
		{`client sleep 2s`, `there is no call "sleep": there is no sleep: a line is over when`},
		{`client frobnicate`, `connect, accept, read, write, close, shutdown, abort and poll are the most usual ones`},
		{`network drop all toward client`, `network has no call "drop": do you mean drops?`},
		{`wire syn from client`, `wire has no call "syn": rst, fin or bytes`},
		// The words of a call.
		{`client read`, `line 1, column 12: read needs the number of bytes: read N`},
		{`client read "ab"`, `line 1, column 13: read needs the number of bytes, and "ab" is none: read N`},
		{`client read 10k`, `line 1, column 13: read needs the number of bytes, and "10k" is none: read N`},
		{`client read 99999999999999999999`, `the number of bytes of read is 99999999999999999999: allowed is 0 to 16777216`},
		{`client read 10 20`, `line 1, column 16: "20" is left over behind read: read N`},
		{`client write ab`, `"ab" is neither a string nor a number of bytes: in double quotes: write "ab"`},
		{`client write 'ab'`, `"'ab'" is neither a string nor a number of bytes: in double quotes: write "ab"`},
		{`client write "ab`, `line 1, column 14: the string has no end: it ends with "`},
		{`client write “ab”`, `line 1, column 14: "“" begins no string: strings stand in "straight" quotes`},
		{`client write "a\t"`, `line 1, column 16: no such escape in a string: \", \\, \n, \r and \xHH`},
		{`client recv 10 peak`, `recv has no flag "peak": do you mean peek?`},
		{`client recv 10 peek MSG_PEEK`, `recv has the flag peek twice`},
		{`client shutdown`, `shutdown needs read, write or both: shutdown read|write|both`},
		{`client shutdown wirte`, `"wirte" is not one of the words of shutdown, which are read, write or both: do you mean write?`},
		{`client dup copy`, `dup needs the word "as", and "copy" is none: dup as NAME`},
		{`client set nodelya on`, `do you mean nodelay?`},
		{`client set nodelay`, `nodelay needs a value: set nodelay on|off`},
		{`client set linger 500ms`, `the time of set is 500ms: the kernel counts it in whole seconds`},
		{`client set rcvtimeo 1`, `the time 1 has no unit: 1s or 1ms`},
		{`client await rst within 1h`, `await needs a time such as 1s or 500ms, and "1h" is none`},
		{`client await rst within 3600s`, `the time of await is 3600s: allowed is 1ms to 10m0s`},
		{`client await state CLOSEWAIT`, `there is no state "CLOSEWAIT": do you mean CLOSE_WAIT?`},
		{`client poll for INN`, `poll needs an event: IN, PRI, OUT, ERR, HUP or RDHUP, and "INN" is none`},
		// What is expected.
		{`client read 10 →`, `line 1, column 17: behind the arrow the result is missing: without an arrow nothing is expected`},
		{`client read 10 → econnreset`, `line 1, column 18: "econnreset" is no result: do you mean ECONNRESET?`},
		{`client read 10 → ECONRESET`, `"ECONRESET" is no result: do you mean ECONNRESET?`},
		{`client read 10 → ab`, `"ab" is no result: a string stands in double quotes, and read gives bytes such as "ab"`},
		{`client read 10 → ok`, `line 1, column 18: read never gives ok: read gives bytes such as "ab", a number, EOF`},
		{`client close → EOF`, `close never gives EOF: close gives ok, an errno such as EINVAL or waits`},
		{`client poll → IN OTU`, `"OTU" is left over behind the result`},
		{`client read 2 → 3 "ab"`, `"ab" has 2 bytes and not 3`},
		{`client write "x" → ECONNRESET SIGPIPE`, `ECONNRESET never comes with a SIGPIPE`},
		{`client drain → 2 then waits`, `waits does not end what drain reads: EOF, an errno or nothing`},
		{`client read 10 → {1, 2}`, `braces are for the threads of client/*`},
		{`client/a read 1; client/* returns → 1`, `of all threads that wait each has a result: they stand in braces`},
		// The order of the calls.
		{`alice read 10`, `alice has no socket: client, server and listener are there without a word`},
		{`client connect`, `connect goes to listener, and no line before makes that listen: listener listen`},
		{"listener listen\nserver read 1", `line 2, column 1: server has no socket yet: server connect, or server accept`},
		{"client close\nclient read 1", `line 2, column 1: client is gone since close in line 1: a name is one descriptor`},
		{`client dup as server`, `server has a socket already`},
		{`client socket; client socket`, `line 1, column 16: client has a socket already`},
		{`client read 1 → waits; client write "x"`, `client still waits in the call of line 1 and can make no other: another thread can: client/two write`},
		{`client returns`, `client has made no call that could return: client read 10 → waits`},
		{`client read 1 → 1; client returns`, `client waits for nothing: its call of line 1 is to return at once`},
		{`wire rst from alice`, `alice has no socket yet`},
		{`proxy`, `behind proxy a call is missing: proxy between client and listener`},
		{`proxy listen`, `proxy has no call "listen": between`},
		{`proxy/a between client and listener`, `proxy has no threads`},
		{`proxy between client`, `between needs the word "and"`},
		{`proxy between client and listener cut`, `between needs where to cut, as toward=client,after=1: between NAME and NAME [stock|cut CUT]`},
		{`proxy between client and listener stock cut toward=client`, `line 1, column 41: a stock toxiproxy has no cuts: leave out stock`},
		{`proxy between client and listener cut toward=client stock`, `"stock" is left over behind between`},
		{`proxy between client and listener; proxy between client and listener`, `there is a proxy already`},
		{`listener listen; proxy between listener and listener`, `a proxy is between two sockets`},
		{`proxy between client and listener; client connect`, `line 1, column 1: between goes to listener, and no line before makes that listen: listener listen`},
		{`client write "x"; proxy between client and listener`, `line 1, column 19: client has connected already: the proxy comes before that: first listener listen, then the proxy`},
		{`wire rst from proxy`, `line 1, column 1: there is no proxy: proxy between client and listener`},
		{`network drops all toward proxy`, `"proxy" is a name of its own and no socket`},
		{`proxy between client and alice`, `alice has no socket yet`},
		// The text.
		{"client read 1\x00", `the character '\x00' cannot be here`},
		{"client write \"\xff\"", `the text is not UTF-8`},
		{strings.Repeat("client read 1\n", 1001), `line 1001, column 1: the script has more than 1000 lines`},
		{strings.Repeat(" ", 2<<20), `the text has 2097152 bytes: at most 1048576 are read`},
	} {
		_, err := script.Parse(test.text)
		var all script.Errors
		if !errors.As(err, &all) || !strings.Contains(all[0].Error(), test.want) {
			t.Errorf("%.60q\n got %v\nwant %s", test.text, err, test.want)
		}
	}
}

// TestWhere: an error shows its place.
func TestWhere(t *testing.T) {
	_, err := script.Parse("client read 10\n\tclient write \"ä\"; client raed 10")
	var all script.Errors
	if !errors.As(err, &all) {
		t.Fatalf("got %v", err)
	}
	const want = `line 2, column 27: there is no call "raed": do you mean read?
     client write "ä"; client raed 10
                              ^`
	if got := all.Show(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSeveral: each wrong line is told, ten at most.
func TestSeveral(t *testing.T) {
	_, err := script.Parse(strings.Repeat("client raed 1\n", 20))
	var all script.Errors
	if !errors.As(err, &all) || len(all) != 10 || all[9].At.Line != 10 {
		t.Errorf("got %d: %v", len(all), err)
	}
}
