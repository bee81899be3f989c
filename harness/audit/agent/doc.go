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
// What it says in return, by its exit status and standard output, how a session is
// spoken with, and what becomes of programs that do not end: see [Command].
package agent
