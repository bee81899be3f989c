package wire

import (
	"encoding/binary"
	"strings"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// MySQL is the client/server protocol of MySQL and MariaDB, without encryption
// or compression (MariaDB's documentation, "Client/Server Protocol"). An
// exchange ends when a command is answered outside a transaction.
func MySQL() point.Protocol { return mysql{"mysql", slicesOf(connecting, mysqlQuery)} }

// MySQLCommit has the two places at the commit of a transaction.
func MySQLCommit() point.Protocol { return mysql{"mysql commit", commitPlaces} }

type mysql struct {
	name   string
	places []point.Place
}

var mysqlQuery = []point.Place{
	{ID: "P3", Says: "the login has arrived; the first byte of its answer is withheld"},
	{ID: "P4.idle", Says: "the pooled connection died a while before the query", Primed: true, Idle: true},
	{ID: "P4.race", Says: "the pooled connection dies while the query is on its way", Primed: true, Race: true},
	{ID: "P5", Says: "the head of the command has arrived"},
	{ID: "P6", Says: "the command has arrived but for its last byte: it is not executed"},
	{ID: "P7", Says: "the command is executed; the first byte of the reply is withheld"},
	{ID: "P8", Says: "two bytes of the reply have arrived"},
	{ID: "P9", Says: "all before the first row has arrived"},
	{ID: "P10", Says: "half of the first row has arrived"},
	{ID: "P10.rows", Says: "the first row has arrived, the second is withheld"},
	{ID: "P10.last", Says: "all rows have arrived; the packet behind the last one is withheld"},
	{ID: "P11", Says: "the complete reply has arrived"},
	{ID: "P14", Says: "half of the first row has arrived, and the client may go on sending",
		Fits: []point.Fault{point.HalfClose}},
}

func (m mysql) Name() string          { return m.name }
func (m mysql) Places() []point.Place { return m.places }

func (mysql) Watch() point.Watcher {
	size := func(head []byte) int { return int(head[0]) | int(head[1])<<8 | int(head[2])<<16 }
	return &mysqlWatcher{client: frames{headLen: 4, size: size}, server: frames{headLen: 4, size: size}}
}

// The bytes that the watcher has to know.
const (
	comQuit, comQuery, comPrepare, comCloseStatement = 0x01, 0x03, 0x16, 0x19
	headerOK, headerEOF, headerErr                   = 0x00, 0xfe, 0xff
	statusInTransaction                              = 0x0001
	capabilityDeprecateEOF                           = 1 << 24
)

type mysqlWatcher struct {
	conversation
	client, server frames
	greeted        bool // the server's greeting is complete
	login          bool // the client's answer to it is complete
	authenticated  bool
	answered       bool // the server has sent a byte after the login
	withoutEOF     bool // no packet between the columns and the rows
	command        byte
	committing     bool
	phase          phase
	skip           int  // packets of definitions still to come
	rows           int  // that have begun
	final          bool // the packet that goes on is the last of the reply
	transaction    bool // what that packet says
}

// A phase is what the next packet of the server is.
type phase int

const (
	idle phase = iota
	replyHead
	definitions
	rows
)

func (w *mysqlWatcher) See(toward harness.End, b []byte) (moments []point.Moment) {
	if toward == harness.Server {
		w.client.cut(b, func(p piece) { moments = append(moments, w.fromClient(p)...) })
	} else {
		w.server.cut(b, func(p piece) { moments = append(moments, w.fromServer(p, b)...) })
	}
	return inOrder(moments)
}

func (w *mysqlWatcher) fromClient(p piece) []point.Moment {
	if !w.authenticated {
		if p.stage == ended && !w.login && len(p.body) >= 4 {
			w.withoutEOF = binary.LittleEndian.Uint32(p.body)&capabilityDeprecateEOF != 0
		}
		w.login = w.login || p.stage == ended
		return nil
	}
	switch {
	case p.stage == headed && len(p.body) > 0:
		return w.commandBegins(p)
	case p.stage == passed && w.phase == replyHead:
		w.request(p.body)
	case p.stage == ended && w.phase == replyHead:
		w.committing = w.command == comQuery && strings.EqualFold(text(p.body), "commit")
		if w.committing {
			return at(w.exchange(), p.at-1, "P13.sent")
		}
		return at(w.exchange(), p.at-1, "P6")
	}
	return nil
}

// text returns the beginning of a command's text, behind the byte that says which
// command it is. A packet that ends what was sent before in others may be empty
// (MySQL's protocol: a payload of 16 MiB or more).
func text(command []byte) string {
	if len(command) == 0 {
		return ""
	}
	return string(command[1:min(7, len(command))])
}

// commandBegins knows a command when its first byte is there.
func (w *mysqlWatcher) commandBegins(p piece) []point.Moment {
	w.command = p.body[0]
	if w.command == comQuit || w.command == comCloseStatement {
		w.phase = idle // they have no reply
		return nil
	}
	w.request(nil) // its bytes follow
	w.phase, w.rows = replyHead, 0
	return append(at(w.exchange(), p.start(), w.opening()...), at(w.exchange(), p.at, "P5")...)
}

func (w *mysqlWatcher) fromServer(p piece, b []byte) (moments []point.Moment) {
	switch {
	case !w.authenticated:
		return w.greeting(p)
	case p.stage == begun && w.phase == replyHead:
		place := "P7"
		if w.committing {
			place = "P13"
		}
		return append(at(w.exchange(), p.at, place), at(w.exchange(), min(p.at+2, len(b)), "P8")...)
	case p.stage == ended && len(p.body) > 0 && w.phase == replyHead:
		w.replyBegins(p.body)
	case p.stage == headed && w.phase == rows:
		return w.row(p)
	case p.stage == halved && w.phase == rows && w.rows == 1 && !w.final:
		return at(w.exchange(), p.at, "P10", "P14")
	case p.stage == ended && w.phase == rows:
		w.rowEnds(p)
	case p.stage == ended && w.phase == definitions:
		w.definition()
	}
	if p.stage == ended && w.final {
		w.final, w.phase, w.open = false, idle, w.transaction
		if !w.open {
			return append(moments, at(w.exchange(), p.at, "P11")...)
		}
	}
	return moments
}

// definition counts the packets that describe parameters and columns.
func (w *mysqlWatcher) definition() {
	if w.skip--; w.skip == 0 && w.command == comPrepare {
		w.phase, w.open = idle, w.transaction
	} else if w.skip == 0 {
		w.phase = rows
	}
}

func (w *mysqlWatcher) greeting(p piece) []point.Moment {
	switch {
	case p.stage == begun && !w.greeted:
		return at(0, p.at, "P1")
	case p.stage == begun && w.login && !w.answered:
		w.answered = true
		return at(0, p.at, "P3")
	case p.stage == headed && w.login && len(p.body) > 0:
		w.final = p.body[0] == headerOK
	case p.stage == ended:
		w.greeted = true
		w.authenticated, w.final = w.final, false
	}
	return nil
}

// replyBegins tells by the first packet what else comes.
func (w *mysqlWatcher) replyBegins(body []byte) {
	following := 0
	switch {
	case body[0] == headerErr:
	case body[0] == headerOK && w.command == comPrepare && len(body) >= 9:
		columns, parameters := int(binary.LittleEndian.Uint16(body[5:])), int(binary.LittleEndian.Uint16(body[7:]))
		following = w.packets(columns) + w.packets(parameters)
	case body[0] == headerOK:
		w.transaction = inTransaction(body[1:])
	default: // the number of columns; more than 250 of them are not for this package
		following = w.packets(int(body[0]))
	}
	if w.final = following == 0; !w.final {
		w.phase, w.skip = definitions, following
	}
}

// packets is how many packets n definitions take.
func (w *mysqlWatcher) packets(n int) int {
	if n > 0 && !w.withoutEOF {
		return n + 1 // an EOF behind them
	}
	return n
}

func (w *mysqlWatcher) row(p piece) []point.Moment {
	if len(p.body) > 0 && (p.body[0] == headerErr || p.body[0] == headerEOF && p.size < 9) {
		w.final = true
		return at(w.exchange(), p.start(), "P10.last")
	}
	w.rows++
	switch w.rows {
	case 1:
		return at(w.exchange(), p.start(), "P9")
	case 2:
		return at(w.exchange(), p.start(), "P10.rows")
	}
	return nil
}

// rowEnds reads what the packet behind the rows says.
func (w *mysqlWatcher) rowEnds(p piece) {
	switch {
	case !w.final || p.body[0] != headerEOF:
	case w.withoutEOF:
		w.transaction = inTransaction(p.body[1:])
	case len(p.body) > 3:
		w.transaction = inTransactionAt(p.body[3:])
	}
}

// inTransaction reads the status flags of an OK packet, which has two
// length-encoded integers before them.
func inTransaction(b []byte) bool {
	for range 2 {
		if len(b) == 0 {
			return false
		}
		b = b[min(len(b), lengthEncoded(b[0])):]
	}
	return inTransactionAt(b)
}

func inTransactionAt(b []byte) bool {
	return len(b) > 0 && b[0]&statusInTransaction != 0
}

// lengthEncoded is how many bytes an integer takes that begins with this one.
func lengthEncoded(first byte) int {
	switch first {
	case 0xfc:
		return 3
	case 0xfd:
		return 4
	case 0xfe:
		return 9
	}
	return 1
}
