package script

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

// A words is what stands behind a verb, being read from left to right. After
// the first error it reads nothing more.
type words struct {
	tokens []token // the last is an arrow or a stop
	at     int
	verb   Manual
	err    *Error
}

// peek returns the next token.
func (w *words) peek() token { return w.tokens[w.at] }

// more says whether there is another word.
func (w *words) more() bool {
	return w.err == nil && (w.peek().kind == word || w.peek().kind == text)
}

// fail notes the first error, at the next token.
func (w *words) fail(hint, format string, arguments ...any) {
	if w.err == nil {
		w.err = &Error{At: w.peek().at, Problem: fmt.Sprintf(format, arguments...), Hint: hint}
	}
}

// missing says what the verb needs, or why the next word is not that.
func (w *words) missing(what string) {
	if t := w.peek(); w.more() {
		w.fail(w.verb.Syntax, "%s needs %s, and %s is none", w.verb.Verb, what, t)
		return
	}
	w.fail(w.verb.Syntax, "%s needs %s", w.verb.Verb, what)
}

// take reads the next word if it is this one.
func (w *words) take(name string) bool {
	if !w.more() || w.peek().kind != word || w.peek().text != name {
		return false
	}
	w.at++
	return true
}

// keyword reads a word that must be there.
func (w *words) keyword(name string) {
	if w.err == nil && !w.take(name) {
		w.missing("the word " + strconv.Quote(name))
	}
}

// plainWord reads the next word, which must be there.
func (w *words) plainWord(what string) string {
	if !w.more() || w.peek().kind != word {
		w.missing(what)
		return ""
	}
	w.at++
	return w.tokens[w.at-1].text
}

// oneOf reads one of the words, which must be there.
func (w *words) oneOf(names ...string) string {
	for _, name := range names {
		if w.take(name) {
			return name
		}
	}
	if near := nearest(w.peek().text, names); near != "" && w.more() {
		w.fail("do you mean "+near+"?", "%s is not one of the words of %s, which are %s", w.peek(), w.verb.Verb, list(names))
	}
	w.missing(list(names))
	return ""
}

// number reads a number of what, from least to most.
func (w *words) number(what string, least, most int) int {
	if !w.more() || w.peek().kind != word {
		w.missing(what)
		return 0
	}
	typed := w.peek().text
	n, err := strconv.Atoi(typed)
	switch {
	case err != nil && strings.Trim(typed, "0123456789") == "":
		n = math.MaxInt
	case err != nil:
		w.missing(what)
		return 0
	}
	if n < least || n > most {
		w.fail("", "%s of %s is %s: allowed is %d to %d", what, w.verb.Verb, typed, least, most)
		return 0
	}
	w.at++
	return n
}

// duration reads a time, which is a multiple of a unit.
func (w *words) duration(least, most, unit time.Duration) time.Duration {
	if !w.more() || w.peek().kind != word {
		w.missing("a time such as 1s or 500ms")
		return 0
	}
	typed := w.peek().text
	d, ok := parseDuration(typed)
	switch {
	case !ok:
		if _, err := strconv.Atoi(typed); err == nil {
			w.fail(typed+"s or "+typed+"ms", "the time %s has no unit", typed)
		}
		w.missing("a time such as 1s or 500ms")
		return 0
	case d < least || d > most:
		w.fail("", "the time of %s is %s: allowed is %s to %s", w.verb.Verb, typed, least, most)
	case d%unit != 0:
		w.fail("", "the time of %s is %s: the kernel counts it in whole seconds", w.verb.Verb, typed)
	}
	w.at++
	return d
}

// parseDuration reads a number and ms or s.
func parseDuration(typed string) (time.Duration, bool) {
	digits, unit := strings.TrimSuffix(typed, "ms"), time.Millisecond
	if digits == typed {
		digits, unit = strings.TrimSuffix(typed, "s"), time.Second
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	return time.Duration(n) * unit, err == nil && digits != typed
}

// writeDuration writes a time as scripts do.
func writeDuration(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

// name reads the name of a socket, or Nobody if that is allowed.
func (w *words) name(nobody bool) string {
	if !w.more() || w.peek().kind != word {
		w.missing("a name")
		return ""
	}
	name := w.peek().text
	if problem, hint := badName(name, "name"); problem != "" && !(nobody && name == Nobody) {
		w.fail(hint, "%s", problem)
	}
	w.at++
	return name
}

// flags reads flags of which each is one of names.
func (w *words) flags(names ...string) []string {
	var flags []string
	for w.more() {
		flag := strings.ToLower(strings.TrimPrefix(strings.ToUpper(w.peek().text), "MSG_"))
		switch {
		case w.peek().kind != word || !slices.Contains(names, flag):
			hint := list(names)
			if near := nearest(flag, names); near != "" {
				hint = "do you mean " + near + "?"
			}
			w.fail(hint, "%s has no flag %s", w.verb.Verb, w.peek())
		case slices.Contains(flags, flag):
			w.fail("", "%s has the flag %s twice", w.verb.Verb, flag)
		default:
			flags = append(flags, flag)
			w.at++
		}
	}
	return flags
}

// events reads the events that stand here.
func (w *words) events() Events {
	var events Events
	for w.more() {
		event, ok := eventOf(w.peek().text)
		if !ok {
			break
		}
		events |= event
		w.at++
	}
	return events
}

// state reads the name of a state.
func (w *words) state() tcp.State {
	if state, ok := stateOf(w.peek().text); ok && w.more() {
		w.at++
		return state
	}
	if near := nearest(w.peek().text, stateNames()); near != "" && w.more() {
		w.fail("do you mean "+near+"?", "there is no state %s", w.peek())
	}
	w.missing("a state such as CLOSE_WAIT")
	return ""
}

// states are those that the kernel tells of a socket.
var states = []tcp.State{
	tcp.StateListen, tcp.StateSynSent, tcp.StateSynReceived, tcp.StateEstablished, tcp.StateFinWait1,
	tcp.StateFinWait2, tcp.StateCloseWait, tcp.StateClosing, tcp.StateLastAck, tcp.StateTimeWait, tcp.StateClosed,
}

func stateOf(name string) (tcp.State, bool) {
	return tcp.State(name), slices.Contains(states, tcp.State(name))
}

func stateNames() []string {
	var names []string
	for _, s := range states {
		names = append(names, string(s))
	}
	return names
}
