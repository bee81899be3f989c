package script

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse reads the scripts of a text: one, or several of which each begins with
// a line "--- title". A text without any call is one script that only connects.
// What is wrong is an [Errors]: of the notation, or of the order of the calls as
// far as that can be known before the first of them.
func Parse(text string) ([]Script, error) {
	p := &parser{}
	p.text(text)
	if len(p.errors) > 0 {
		return nil, p.errors
	}
	return p.scripts, nil
}

// A parser reads a text line by line.
type parser struct {
	scripts []Script
	now     *Script
	begun   bool     // the script has a title or a line
	before  []string // comments above the next line
	sources []string // the lines of the text
	errors  Errors
}

func (p *parser) text(all string) {
	switch {
	case len(all) > mostText:
		p.add(&Error{Problem: fmt.Sprintf("the text has %d bytes: at most %d are read", len(all), mostText)})
		return
	case !utf8.ValidString(all):
		p.add(&Error{Problem: "the text is not UTF-8", Hint: `bytes that are no letters are written \xHH`})
		return
	}
	p.now = &Script{}
	p.sources = strings.Split(strings.TrimPrefix(all, "\ufeff"), "\n")
	for i, source := range p.sources {
		p.sources[i] = strings.TrimSuffix(source, "\r")
		p.source(i+1, p.sources[i])
		if len(p.errors) >= mostErrors {
			return
		}
	}
	p.end()
}

// source reads a line of the text.
func (p *parser) source(number int, source string) {
	if title, ok := strings.CutPrefix(strings.TrimSpace(source), "---"); ok {
		if p.begun {
			p.end()
		}
		p.now.Title, p.begun = strings.TrimSpace(title), true
		return
	}
	s := &scanner{line: []rune(source), source: source, number: number}
	for i, c := range s.line {
		if unicode.IsControl(c) && c != '\t' {
			p.add(s.errorf(i, `in a string it is written \xHH`, "the character %q cannot be here", c))
			return
		}
	}
	parts, err := s.parts()
	if err != nil {
		p.add(err)
		return
	}
	for _, part := range parts {
		p.part(part, source)
	}
}

// part reads what stands between two ";".
func (p *parser) part(of part, source string) {
	if len(of.tokens) == 1 {
		if of.comment != nil {
			p.before = append(p.before, *of.comment)
		}
		return
	}
	line, err := parseLine(of.tokens)
	if err != nil {
		err.Source = source
		p.add(err)
		return
	}
	if of.comment != nil {
		line.Comment = *of.comment
	}
	line.Before, p.before = p.before, nil
	p.now.Lines = append(p.now.Lines, line)
	p.begun = true
}

// end ends a script and begins the next.
func (p *parser) end() {
	p.now.After, p.before = p.before, nil
	if len(p.errors) == 0 {
		for _, err := range check(*p.now) {
			if err.At.Line > 0 {
				err.Source = p.sources[err.At.Line-1]
			}
			p.add(err)
		}
	}
	p.scripts = append(p.scripts, *p.now)
	p.now, p.begun = &Script{}, false
}

func (p *parser) add(err *Error) {
	if len(p.errors) < mostErrors {
		p.errors = append(p.errors, err)
	}
}

// parseLine reads an actor, a call and what is expected of it.
func parseLine(tokens []token) (Line, *Error) {
	actor, err := parseActor(tokens[0])
	if err != nil {
		return Line{}, err
	}
	line := Line{At: tokens[0].at, Actor: actor}
	name := tokens[1]
	if name.kind != word {
		return line, &Error{At: name.at, Problem: "behind " + actor.String() + " a call is missing",
			Hint: actor.String() + " " + exampleOf(actor.Name)}
	}
	of, ok := find(actor.Name, name.text)
	if !ok {
		return line, unknownVerb(actor, name)
	}
	line.Call.Verb = of.Verb
	w := &words{tokens: tokens[2:], verb: of}
	w.words(&line.Call)
	if w.more() {
		w.fail(of.Syntax, "%s is left over behind %s", w.peek(), of.Verb)
	}
	if w.err != nil {
		return line, w.err
	}
	if w.peek().kind == stop {
		return line, nil
	}
	if line.Expect, err = parseExpectation(w.tokens[w.at+1:], of, line); err != nil {
		return line, err
	}
	return line, nil
}

// exampleOf is a call that the actor could make.
func exampleOf(actor string) string {
	switch actor {
	case Network:
		return "drops all toward client"
	case Proxy:
		return "between client and listener"
	case Wire:
		return "rst from server"
	case Kernel:
		return "reason of rst from server"
	}
	return "read 10"
}

// unknownVerb says that there is no such verb, and which may be meant.
func unknownVerb(actor Actor, typed token) *Error {
	err := &Error{At: typed.at, Problem: fmt.Sprintf("there is no call %s", typed)}
	if reserved(actor.Name) {
		err.Problem = fmt.Sprintf("%s has no call %s", actor.Name, typed)
		err.Hint = list(namesOf(actor.Name))
		if near := nearest(typed.text, namesOf(actor.Name)); near != "" {
			err.Hint = "do you mean " + near + "?"
		}
		return err
	}
	lower := strings.ToLower(typed.text)
	switch near := nearest(typed.text, namesOf("")); {
	case otherwise[lower] != "":
		err.Hint = otherwise[lower]
	case near != "":
		err.Hint = "do you mean " + near + "?"
	default:
		err.Hint = "connect, accept, read, write, close, shutdown, abort and poll are the most usual ones"
	}
	return err
}

// parseActor reads "client" or "client/reader".
func parseActor(t token) (Actor, *Error) {
	if t.kind != word {
		return Actor{}, &Error{At: t.at, Problem: fmt.Sprintf("a line begins with who calls, and %s is nobody", t),
			Hint: "client read 10"}
	}
	name, thread, threaded := strings.Cut(t.text, "/")
	if problem, hint := badName(name, "name"); problem != "" && (!reserved(name) || name == Nobody) {
		if _, verb := find("", name); verb {
			problem, hint = fmt.Sprintf("%q is a call, and nobody calls it", name), "client "+name
		}
		return Actor{}, &Error{At: t.at, Problem: problem, Hint: hint}
	}
	if reserved(name) && threaded {
		return Actor{}, &Error{At: t.at, Problem: fmt.Sprintf("%s has no threads", name)}
	}
	if threaded && thread != Every {
		if problem, hint := badName(thread, "thread"); problem != "" && !reserved(thread) {
			return Actor{}, &Error{At: t.at, Problem: problem, Hint: hint}
		}
	}
	return Actor{Name: name, Thread: thread}, nil
}

// badName says what is wrong with a name of a socket or of a thread. Verbs are
// no names: a line that lacks its actor is then told from one that is right.
func badName(name, what string) (problem, hint string) {
	if name == "" {
		return "the " + what + " is empty", "client, or client/reader"
	}
	for i, c := range name {
		letter := c < utf8.RuneSelf && unicode.IsLetter(c)
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return fmt.Sprintf("%q is no %s", name, what), "letters, then letters, digits and -"
		}
	}
	if len(name) > mostName {
		return fmt.Sprintf("the %s %q is too long", what, name), fmt.Sprintf("at most %d letters", mostName)
	}
	if reserved(name) {
		return fmt.Sprintf("%q is a name of its own and no socket", name), ""
	}
	if what == "name" && isCall(name) {
		return fmt.Sprintf("%q is the name of a call and of no socket", name), ""
	}
	return "", ""
}
