package audit_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// harmless are the faults that are none.
func harmless() (list []point.Fault) {
	for _, f := range point.Faults() {
		if f.Harmless() {
			list = append(list, f)
		}
	}
	return list
}

// oneRead takes what one read returns for a whole message, as far as that ends as
// one does.
func oneRead(conn net.Conn, request string) (string, error) {
	line, err := oneReadBlindly(conn, request)
	if err == nil && !strings.HasSuffix(line, "\n") {
		return "", errors.New("a message without its end")
	}
	return line, err
}

// oneReadBlindly takes what one read returns for a whole message.
func oneReadBlindly(conn net.Conn, request string) (string, error) {
	if _, err := conn.Write([]byte(request)); err != nil {
		return "", err
	}
	b := make([]byte, 1<<10)
	n, err := conn.Read(b)
	return string(b[:n]), err
}

// impatient gives a reply less time than a pause takes, and more than a busy machine.
func impatient(conn net.Conn, request string) (string, error) {
	conn.SetReadDeadline(time.Now().Add(time.Second))
	return ask(conn, request)
}

// untilALull takes silence for the end of the reply.
func untilALull(conn net.Conn, request string) (string, error) {
	line, err := impatient(conn, request)
	if line != "" {
		return line, nil
	}
	return line, err
}

// chunkReader is a client of HTTP/1.1 that has its own idea of chunks.
func chunkReader(parse func(net.Conn) ([]byte, error)) func() audit.Client {
	return func() audit.Client {
		return audit.Func(func(ctx context.Context, c audit.Call) audit.Answer {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Address)
			if err != nil {
				return audit.Answer{Err: err}
			}
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
			read := parse
			if c.Shape == "" {
				read = readWhole
			}
			fmt.Fprintf(conn, "GET /%s/%s?shape=%s HTTP/1.1\r\nHost: origin\r\n\r\n", c.Operation, c.ID, c.Shape)
			body, err := read(conn)
			return audit.Answer{Body: body, Err: err}
		})
	}
}

func readWhole(conn net.Conn) ([]byte, error) {
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reply.Body)
}

// atBoundaries fails where what has come ends just behind a chunk, which it takes
// for the end of a reply that lacks its last chunk. A server may write each chunk by
// itself, so that it fails without any fault: byte by byte it always does.
func atBoundaries(conn net.Conn) ([]byte, error) {
	var come []byte
	for b := make([]byte, 4<<10); ; {
		n, err := conn.Read(b)
		come = append(come, b[:n]...)
		chunks, rest, last := chunksOf(come)
		switch {
		case err != nil:
			return nil, err
		case last:
			return bytes.Join(chunks, nil), nil
		case len(chunks) > 0 && len(rest) == 0:
			return nil, errors.New("premature close")
		}
	}
}

// oneAtATime takes one chunk from what a read returns, and drops what is behind it.
func oneAtATime(conn net.Conn) (body []byte, err error) {
	for b := make([]byte, 4<<10); ; {
		n, err := conn.Read(b)
		if err != nil {
			return nil, err
		}
		chunks, _, last := chunksOf(b[:n])
		if len(chunks) > 0 {
			body = append(body, chunks[0]...)
		}
		if last {
			return body, nil
		}
	}
}

// chunksOf is the whole chunks of a reply, with its head or without, what is behind
// them, and whether the last one has come.
func chunksOf(reply []byte) (chunks [][]byte, rest []byte, last bool) {
	rest = reply
	if bytes.HasPrefix(reply, []byte("HTTP/")) {
		_, rest, _ = bytes.Cut(reply, []byte("\r\n\r\n"))
	}
	for {
		line, behind, whole := bytes.Cut(rest, []byte("\r\n"))
		size, err := strconv.ParseInt(string(line), 16, 32)
		switch {
		case err != nil || !whole || len(behind) < int(size)+2:
			return chunks, rest, false
		case size == 0:
			return chunks, nil, true
		}
		chunks, rest = append(chunks, behind[:size]), behind[size+2:]
	}
}

// inChunks makes a client of HTTP/1.1 of it.
func inChunks(t *testing.T, s *audit.Subject) bool {
	origin, err := origins.StartHTTP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { origin.Close() })
	s.Protocol, s.Origin = protocols.HTTP1(), origin
	return true
}

// TestWhoFailsWhereNothingIsWrong has a bug in its parser, or is in a hurry.
func TestWhoFailsWhereNothingIsWrong(t *testing.T) {
	short := planted{exchange: oneRead, attempts: 1}
	again := planted{exchange: oneRead, attempts: 2}
	hasty := planted{exchange: impatient, attempts: 1}
	long := audit.Limits{Time: time.Minute, Late: time.Hour, Pause: 5 * time.Second}
	for _, m := range []mistake{
		{says: "one read is a message, and not a whole one", client: plantedClient(short), cell: "P10/split/always/read",
			want: "UNPROVOKED", reason: "a message without its end"},
		{says: "the same, byte by byte", client: plantedClient(short), cell: "P10/bytes/always/write", want: "UNPROVOKED"},
		{says: "the same, and tries again", client: plantedClient(again), cell: "P10/split/once/read", want: "UNPROVOKED",
			reason: "success at attempt 2"},
		{says: "the same, and does the work again", client: plantedClient(again), cell: "P10/split/once/write", want: "DUPLICATED UNPROVOKED"},
		{says: "the same, at a byte", client: plantedClient(short), cell: point.AtByte("client", 7) + "/split/always/read", want: "UNPROVOKED"},
		{says: "the same, and the message comes at once", client: plantedClient(short), cell: "P11/joined/always/read", want: "UNHARMED"},
		{says: "one read is a message, whatever it is", client: plantedClient(planted{exchange: oneReadBlindly}),
			cell: "P10/split/always/read", want: "TRUNCATED-OK"},
		{says: "silence is the end", client: plantedClient(planted{exchange: untilALull}), cell: "P10/pause/always/read", want: "TRUNCATED-OK",
			limits: long},
		{says: "has no time for a pause", client: plantedClient(hasty), cell: "P10/pause/always/read", want: "SURFACED", reason: "gave up in a pause",
			limits: long},
		{says: "a chunk's end is the end", client: chunkReader(atBoundaries), in: inChunks, cell: "P10.chunk/bytes/always/read",
			want: "UNPROVOKED", reason: "premature close"},
		{says: "one chunk a read", client: chunkReader(oneAtATime), in: inChunks, cell: "P10.last/joined/always/read", want: "TRUNCATED-OK"},
	} {
		t.Run(m.says, func(t *testing.T) { m.expect(t) })
	}
}

// TestWhoIsRightNoticesNothing of the pieces in which a reply comes.
func TestWhoIsRightNoticesNothing(t *testing.T) {
	s := subject(t, plantedClient(planted{exchange: ask, attempts: 1}))
	report, err := audit.Run(t.Context(), s, audit.Options{
		Faults: harmless(), Repeats: []point.Repeat{point.Once, point.Always},
		Limits: audit.Limits{Time: 20 * time.Second, Late: time.Hour, Pause: 100 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Cells) < 16 {
		t.Errorf("%d cells, want one of each fault and more", len(report.Cells))
	}
	for _, c := range report.Cells {
		if c.Verdict.String() != "UNHARMED" || c.Strikes != 1 {
			t.Errorf("%s: %s, %d strikes: %s", c.ID, c.Verdict, c.Strikes, c.Verdict.Reason)
		}
	}
}
