package cli

import (
	_ "embed" // for the example of the manual
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// sessionExample is an agent for --session.
//
//go:embed session.py
var sessionExample string

// indented moves what is not empty to the right.
func indented(text string) string {
	var lines strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			line = "    " + line
		}
		lines.WriteString(line)
	}
	return lines.String()
}

func auditManual() string {
	return `Audit puts a client through every fault point of a protocol: resets, ends of
stream and stalls before, within and behind each part of a conversation. What
became of each call is judged by what the server executed, not by what the
client says: duplicated, truncated, lost, hung.

The client is any program, run once for each call, without a shell. It is told
what to do by placeholders in its arguments, or by its environment:

    {url}         RESETLAB_URL         where to perform the call
    {address}     RESETLAB_ADDRESS     host:port; {host} and {port} are its parts
    {id}          RESETLAB_ID          the id of the call, new for each
    {operation}   RESETLAB_OPERATION   read, idempotent or write
    {method}      RESETLAB_METHOD      the protocol's word for it: GET, PUT or POST
    {healthy}     RESETLAB_HEALTHY     another server that is healthy (--backends)
    {ca}          RESETLAB_CA          the certificate to trust (--tls), in a file

It says what became of a call by its exit status: 0 is success, 89 that it
cannot perform such a call, any other an error. What it writes to its standard
output is the data it returns. Or its last line says more, in JSON:

    {"ok": true, "bytes": 12, "sha256": "9f86d0…"}
    {"ok": false, "error": "gave up", "ending": "reset", "unknown": true}

Whatever a program leaves running is ended with it.

With --session it is run once for each cell, so that its connection pool is
audited, too. It reads a call from each line of its standard input, a JSON object
of strings that has what the placeholders have otherwise, and answers by a line
of its standard output, with the id of the call: the JSON above, and the data as
a "body" if it likes. It ends with its standard input. Such as:

` + indented(sessionExample) + `
With {address}, {host}, {port}, {healthy} and {ca} in its arguments it is told
what is known when it starts. A call that it is too late with is given up, and
the next one goes to the same program.

A cell of the audit is PLACE/FAULT/REPEAT/OPERATION, such as P7/rst/once/write.
--dry-run lists the places. The faults are:

    rst           a RST to both ends
    data-rst      as rst; the client gets it together with the data before it
    read-rst      as rst; the client gets it once it has read those (both Linux)
    unread        a RST to the client because bytes of it were unread (Linux)
    fin           a FIN to both ends; what the client sends then is swallowed
    fin-rst       a FIN, and a RST to the client's next write
    half-close    a FIN toward the client only; what it sends still arrives
    stall         no byte any more, and the connection stays open
    stall-rst     a stall, and then a RST
    refuse        nobody listens; with --backends also at one of two addresses
    close-notify  with TLS: close_notify and a FIN; fin comes without
    goaway        HTTP/2: a GOAWAY, and a FIN behind it
    rst-stream    HTTP/2: one stream is reset, and the others live on

With --faults bytes,split,joined,pause the faults are none: all that the server
sends comes whole and in order. A client that is right notices nothing, and one that
fails or tries again has a bug in its parser: its verdict is UNPROVOKED.

    bytes         the reply comes one byte at a time, the first 4096 of them
    split         what is before the place has been read when the rest comes
    joined        the reply is held back up to the place, and comes at once
    pause         the rest comes after a pause, of which the client may tire

--sweep --faults split has a boundary at every byte of a reply. These are not among
the default faults, for they cost time and find other bugs than resets do.

Where a RST comes behind the beginning of a reply (P8 to P12), what a client
makes of it may depend on whether it has read that reply. There rst is two cells,
data-rst and read-rst; a pattern or an expectation of rst is of both. With TLS
and where the client's kernel cannot be asked it stays one.

With --toxiproxy the faults are those of a toxiproxy-server that runs elsewhere,
started with -proxy-metrics: P0/refuse, client@N/rst, client@N/fin-rst,
client@0/stall and server@N/rst, each always, at bytes 0 to 4096. Nothing else
is exact there, and it is refused.

With --trace (Linux, with strace installed) each bad cell, or each of --cell, is run
once more when all are over, alone and below strace. A sentence says what the
client was told by its system calls and made of it, so that an error that it never
asked for can be told from one that was swallowed above the system call:

    read() returned ECONNRESET 3ms after the strike, and the client reported
    success: what it was told was swallowed above the system call

--verbose, --cell and the reports show the calls on the connection that was struck
last, with the first 16 bytes of what they carried. Programs are slower below strace:
where a cell then comes out otherwise, that is said, and the verdict stays.

An interrupt (Ctrl-C, SIGTERM) shows what was measured and ends the audit and the
client's programs within ` + auditEnds.String() + `, whatever those do.

Exit status: 0 without a bad verdict, 1 with one, 2 if the arguments cannot be
used, 3 without a bad verdict, but with cells in which nothing was proved: the
fault never struck, or the audit or the machine failed, also when the cell was
run again alone. A verdict is every bad word that applies: DUPLICATED STORM is both. A file
of expectations (--expect) lists bad verdicts that are known, one a line: a
pattern of cells, all words of the verdict with commas between them, the reason.
One that is not listed fails, and so does one that is listed and occurs no more:

    P7/*/*/write       DUPLICATED         retries every method; ticket 42
    P7/*/always/write  DUPLICATED,STORM   and never ceases

With --baseline REPORT, which --json wrote of an earlier version, what was as bad
there does not fail, whatever the reason; what is better now does not fail either.

With --within 60s no cell is begun after a minute, and how many are left is said: a
result without a bad verdict is then of those that were run. Each place is struck
once before one is struck again, by a RST first, and in writes before reads.`
}

func newAudit() *cobra.Command {
	command := &cobra.Command{
		Use:   "audit",
		Short: "Put a client through every fault point and judge what it does",
		Long:  auditManual(),
		Example: `  resetlab audit http -- curl -sS --retry 3 {url}
  resetlab audit http --only 'P7/*/*/write' -- curl -sS -X {method} {url}
  resetlab audit http --session -- python3 session.py
  resetlab audit diff before.json after.json`,
		Args: cobra.ArbitraryArgs, // RunE knows what to say of them
		RunE: oneOfCommands("audit", func(cmd *cobra.Command) error {
			return badInputf("what is to be audited? One of: resetlab audit %s", strings.Join(commandNames(cmd), ", "))
		}),
	}
	for _, f := range families() {
		command.AddCommand(newAuditOf(f))
	}
	command.AddCommand(newAuditShow(), newAuditMerge(), newAuditDiff())
	return command
}

// newAuditOf makes the command that audits clients of one protocol.
func newAuditOf(f family) *cobra.Command {
	var flags auditFlags
	command := &cobra.Command{
		Use:         f.name + " [FLAGS] -- COMMAND [ARGS]...",
		Short:       "Audit a client of " + f.title,
		Long:        fmt.Sprintf("%s\n\nSee 'resetlab audit --help' for what a command is told and how it is judged.", f.long),
		Example:     f.example,
		Annotations: map[string]string{behindDashes: "true"},
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at > 0 || at < 0 && len(args) > 0 {
				return badInputf("%q: the client's command comes behind --", args[0])
			}
			a, err := flags.prepare(f, args)
			if err != nil {
				return err
			}
			return a.run(cmd)
		}),
	}
	flags.register(command)
	if !f.tls {
		command.Flags().BoolVar(&flags.tls, "tls", false, "speak TLS with the client, and plain text with the server")
	}
	return command
}
