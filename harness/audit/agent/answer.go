package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/program"
)

const (
	keptData  = 1 << 20 // of standard output
	keptWords = 4 << 10 // of standard error, and of a JSON line
)

// unimplemented is the exit status by which BoringSSL's shims say so.
const unimplemented = 89

// A statement is the JSON line that a program may say.
type statement struct {
	OK            *bool  `json:"ok"`
	Error         string `json:"error"`
	Bytes         *int   `json:"bytes"`
	SHA256        string `json:"sha256"`
	Ending        string `json:"ending"`
	Unknown       bool   `json:"unknown"`
	Unexecuted    bool   `json:"unexecuted"`
	Unimplemented bool   `json:"unimplemented"`
}

// stated reads the last line of what was said as a statement.
func stated(tail []byte) (s statement, ok bool) {
	tail = bytes.TrimRight(tail, "\r\n")
	line := tail[bytes.LastIndexByte(tail, '\n')+1:]
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil || s.OK == nil || decoder.More() {
		return statement{}, false
	}
	return s, true
}

// answer makes an Answer of what a process that has ended did and said.
func (c Command) answer(out *kept, words []byte, call audit.Call, err error) audit.Answer {
	s, said := stated(out.tail)
	a := audit.Answer{Opaque: true}
	if said {
		a = c.stating(s, call)
	} else {
		a.Body = c.data(out)
	}
	var exit *program.ExitError
	if errors.As(err, &exit) && exit.Code == unimplemented || a.Unimplemented {
		a.Unimplemented = true
		return a
	}
	if err == nil && said && !*s.OK {
		err = noSuccess()
	}
	if err != nil {
		a.Err = explained(err, s.Error, words)
	}
	return a
}

// stating is what a program states, but for its error.
func (c Command) stating(s statement, call audit.Call) audit.Answer {
	return audit.Answer{
		Body: c.claimed(s, call), Ending: bounded(s.Ending), Unknown: s.Unknown, Unexecuted: s.Unexecuted,
		Unimplemented: s.Unimplemented, Opaque: s.Ending == "",
	}
}

func noSuccess() error { return errors.New("the program says that it was no success") }

// explained adds what the program says to an error.
func explained(err error, says string, stderr []byte) error {
	if says == "" {
		says = string(lastLine(stderr))
	}
	if says = bounded(says); says == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, says)
}

// data is what the program's standard output says that it returned.
func (c Command) data(out *kept) []byte {
	if out.size > int64(len(out.head)) && c.Output == Line {
		return out.head // there is more behind it
	}
	return c.returned(out.head)
}

// returned is what of the data belongs to the reply; nil if it is something
// else.
func (c Command) returned(data []byte) []byte {
	switch c.Output {
	case Ignored:
		return nil
	case Line:
		data = bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	}
	return append([]byte{}, data...)
}

// claimed is the data of which the program says the size and the digest: that
// much of the reply if it can be that, and otherwise zeros; nil if it does not
// say.
func (c Command) claimed(s statement, call audit.Call) []byte {
	if s.Bytes == nil || *s.Bytes < 0 || c.Reply == nil {
		return nil
	}
	want := c.Reply(call)
	if *s.Bytes <= len(want) {
		data := want[:*s.Bytes]
		digest := sha256.Sum256(data)
		if s.SHA256 == "" || strings.EqualFold(s.SHA256, hex.EncodeToString(digest[:])) {
			return append([]byte{}, data...)
		}
	}
	return make([]byte, min(*s.Bytes, len(want)+keptData))
}

// lastLine returns the last line that is not empty.
func lastLine(text []byte) []byte {
	text = bytes.TrimSpace(text)
	return bytes.TrimSpace(text[bytes.LastIndexByte(text, '\n')+1:])
}

// mostWords bounds what a program says in an error.
const mostWords = 300

// bounded makes what a program says fit for a terminal and a report.
func bounded(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.TrimSpace(text)
	if runes := []rune(text); len(runes) > mostWords {
		text = string(runes[:mostWords]) + "…"
	}
	return text
}

// stopped says why a process was ended.
func stopped(ctx context.Context) error {
	return fmt.Errorf("killed by the audit: %w", context.Cause(ctx))
}
