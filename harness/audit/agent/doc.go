// Package agent makes the client of an audit of any program: it is run once
// for each call, without a shell, and told what to do by placeholders in its
// arguments and by its environment. Or it is run once for each cell of the
// audit, as a session, and told its calls line by line.
//
//	agent.Command{Args: []string{"curl", "-sS", "--retry", "3", "{url}"}, URL: origin.URL, Reply: origin.Reply}
//
// [Command.Survey] finds out, with nothing in its way, whether it works at all
// and which places its conversations come by.
//
// What it is told:
//
//	{address}      RESETLAB_ADDRESS    host:port to perform the call at
//	{host}         RESETLAB_HOST       the host of it
//	{port}         RESETLAB_PORT       the port of it
//	{url}          RESETLAB_URL        the URL of the call, where the protocol has such
//	{id}           RESETLAB_ID         the id of the call, new for each
//	{operation}    RESETLAB_OPERATION  read, idempotent or write
//	{method}       RESETLAB_METHOD     the protocol's word for it: GET, PUT or POST in HTTP
//	{shape}        RESETLAB_SHAPE      the shape that the reply shall have; usually empty
//	{healthy}      RESETLAB_HEALTHY    host:port of another, healthy server; {address} if there is none
//	{healthy_url}  RESETLAB_HEALTHY_URL
//	{ca}           RESETLAB_CA         the file of the certificate to trust, where TLS is spoken
//
// What it says: exit status 0 is success, 89 that it cannot perform such a
// call, every other one is an error, to which the last line of its standard
// error belongs. Its standard output is the data that it returns, unless the
// last line is a JSON object of these members alone, of which "ok" must be
// there:
//
//	{"ok": true, "bytes": 12, "sha256": "9f86d0…"}
//	{"ok": false, "error": "gave up", "ending": "reset", "unknown": true}
//
// bytes is how many bytes of data it returned, and sha256 their digest; ending
// is a harness.Ending, how it saw the connection end; unknown says that the
// outcome is unknown, unexecuted that nothing was executed, unimplemented that
// it cannot perform such a call.
//
// A program with a connection pool is audited as a session ([Command.Session]).
// It reads a call from each line of its standard input: a JSON object of
// strings, which has the members that the placeholders above are named by, url
// and healthy_url only where the protocol has such; what is not known is empty.
// In one line:
//
//	{"address": "127.101.2.3:4711", "host": "127.101.2.3", "port": "4711", "ca": "",
//	 "healthy": "127.101.2.3:4711", "id": "k3x0q2-00000z", "operation": "write", "method": "POST", "shape": "",
//	 "url": "http://127.101.2.3:4711/write/k3x0q2-00000z", "healthy_url": "http://127.101.2.3:4711/write/k3x0q2-00000z"}
//
// It answers each by a line of its standard output: the statement above, the
// call's id, and, if it likes, instead of bytes the data as a text:
//
//	{"id": "k3x0q2-00000z", "ok": true, "body": "done"}
//	{"id": "k3x0q2-00000z", "ok": false, "error": "gave up", "ending": "reset"}
//
// Nothing else may be there, or the cell is BROKEN. What is known at the start,
// {address}, {host}, {port}, {healthy} and {ca}, is also in its arguments and in
// its environment. A call comes when the one before is answered, or was given
// up by the audit: whatever it answers to that is dropped, and the next call
// goes to the same program, since it shows what became of its pool. If it ends
// before its time, all further calls fail. It is to end with its standard
// input; after twice the grace it gets SIGTERM.
//
// The time of a call begins when a session has read its first line, and with the
// first connection of a program that is run once for each call: what it takes to
// load it is bounded apart (audit.Limits.Start).
//
// Whichever it is, it runs in a session of its own in the sense of setsid(2),
// without the environment's *_proxy variables and, on Linux, below a supervisor:
// see package program. When its time is over it gets SIGTERM, and SIGKILL a
// little later, its children too. Children that live on after it has left are
// killed and reported as LEAK-PROCESS, daemons included, and so is a program
// whose cell is over, with no call given up, and that did not heed the SIGTERM.
// On other systems children are known by their session, and on Windows only the
// program itself is killed.
package agent
