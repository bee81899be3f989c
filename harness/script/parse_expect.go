package script

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// parseExpectation reads what stands behind the arrow.
func parseExpectation(tokens []token, of Manual, line Line) (*Expectation, *Error) {
	w := &words{tokens: tokens, verb: of}
	expect := &Expectation{At: tokens[0].at}
	braces := w.peek().kind == punct && w.peek().text == "{"
	every := line.Actor.Thread == Every
	switch {
	case w.peek().kind == stop:
		w.fail("without an arrow nothing is expected", "behind the arrow the result is missing")
	case braces && !every:
		w.fail(line.Actor.Name+"/* returns → {…}", "braces are for the threads of %s/*", line.Actor.Name)
	case !braces && every:
		w.fail("{1, not yet}", "of all threads that wait each has a result: they stand in braces")
	case braces:
		expect.Set = w.set()
	default:
		expect.Any = w.alternatives()
	}
	if w.err == nil && w.peek().kind != stop {
		w.fail("results are joined by or", "%s is left over behind the result", w.peek())
	}
	return expect, w.err
}

// alternatives reads results joined by or.
func (w *words) alternatives() []Pattern {
	all := []Pattern{w.pattern()}
	for w.take("or") {
		all = append(all, w.pattern())
	}
	return all
}

// set reads results in braces.
func (w *words) set() []Pattern {
	var all []Pattern
	for end := ","; end == ","; {
		w.at++ // "{" or ","
		all = append(all, w.pattern())
		end = w.peek().text
		if w.err == nil && (w.peek().kind != punct || end == "{") {
			w.fail("{1, not yet}", "results in braces are separated by commas and end with }")
		}
		if w.err != nil {
			return nil
		}
	}
	w.at++
	return all
}

// pattern reads one result, which must be one that the verb gives.
func (w *words) pattern() Pattern {
	if !w.more() {
		w.fail(w.verb.examples(), "a result is missing")
		return Pattern{}
	}
	first := w.peek()
	p := w.plain()
	if w.take("then") {
		p = w.then(p)
	}
	if w.err != nil {
		return p
	}
	if !slices.Contains(w.verb.Gives, p.Kind) {
		w.at = slices.IndexFunc(w.tokens, func(t token) bool { return t.at == first.at })
		w.fail(w.verb.examples(), "%s never gives %s", w.verb.Verb, p)
	}
	return p
}

// plain reads a result, or the first half of one with then.
func (w *words) plain() Pattern {
	t := w.peek()
	w.at++
	if t.kind == text {
		return Pattern{Kind: Data, Data: t.text}
	}
	if n, err := strconv.Atoi(t.text); err == nil && n >= 0 && t.text[0] != '+' {
		return w.counted(n)
	}
	switch Kind(t.text) {
	case OK, EOF, None, Nothing, Waits, Full, Partial, Some, All, Less:
		return Pattern{Kind: Kind(t.text)}
	case "not":
		if w.take("yet") {
			return Pattern{Kind: NotYet}
		}
	}
	if errno, ok := errnoOf(t.text); ok {
		return w.errno(errno)
	}
	if event, ok := eventOf(t.text); ok {
		return Pattern{Kind: Happens, Events: event | w.events()}
	}
	if state, ok := stateOf(t.text); ok && slices.Contains(w.verb.Gives, InState) {
		return Pattern{Kind: InState, Word: string(state)}
	}
	if slices.Contains(w.verb.Gives, Word) {
		return w.named(t)
	}
	w.at--
	w.noResult(t)
	return Pattern{}
}

// counted reads what may follow a number: the bytes themselves.
func (w *words) counted(n int) Pattern {
	if w.err == nil && w.peek().kind == text {
		bytes := w.peek().text
		if len(bytes) != n {
			w.fail("", "%s has %d bytes and not %d", w.peek(), len(bytes), n)
		}
		w.at++
		return Pattern{Kind: Data, Data: bytes}
	}
	return Pattern{Kind: Count, Count: n}
}

// errno reads what may follow an errno: whether a SIGPIPE comes with it.
func (w *words) errno(errno Errno) Pattern {
	p := Pattern{Kind: Failed, Errno: errno}
	for _, signal := range []Signal{With, Alone} {
		if w.more() && w.peek().text == string(signal) && errno != "EPIPE" {
			w.fail("only a write that fails with EPIPE can", "%s never comes with a SIGPIPE", errno)
		}
		if w.take(string(signal)) {
			p.Signal = signal
			break
		}
	}
	return p
}

// named reads a reason or a name.
func (w *words) named(t token) Pattern {
	if w.verb.Verb == Reason {
		if strings.ToUpper(t.text) != t.text || strings.Trim(t.text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			w.at--
			w.fail("TCP_ABORT_ON_CLOSE", "%s is no reason of the kernel", t)
		}
	} else if problem, hint := badName(t.text, "name"); problem != "" && t.text != Nobody && t.text != Proxy {
		w.at--
		w.fail(hint, "%s", problem)
	}
	return Pattern{Kind: Word, Word: t.text}
}

// then reads how the bytes ended.
func (w *words) then(p Pattern) Pattern {
	switch p.Kind {
	case Count, All, Less, Some:
	default:
		w.fail("2 then EOF, all then nothing", "%s is no amount that something can follow", p)
	}
	whole := Pattern{Kind: Then, Of: p.Kind, Count: p.Count}
	if !w.more() {
		w.missing("EOF, an errno or nothing behind then")
		return whole
	}
	end := w.plain()
	switch end.Kind {
	case EOF, Nothing, Failed:
		whole.End, whole.Errno = end.Kind, end.Errno
	default:
		if w.err == nil {
			w.at--
		}
		w.fail("EOF, an errno or nothing", "%s does not end what drain reads", end)
	}
	return whole
}

// noResult says that a word is no result, and what may be meant.
func (w *words) noResult(t token) {
	hint := w.verb.examples()
	upper := strings.ToUpper(t.text)
	if _, ok := errnoOf(upper); ok {
		hint = "do you mean " + upper + "?"
	} else if near := nearest(t.text, w.verb.results()); near != "" {
		hint = "do you mean " + near + "?"
	} else if unicode.IsLetter([]rune(t.text)[0]) && slices.Contains(w.verb.Gives, Data) {
		hint = fmt.Sprintf("a string stands in double quotes, and %s", hint)
	}
	w.fail(hint, "%s is no result", t)
}
