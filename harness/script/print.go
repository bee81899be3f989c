package script

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// String writes the script as [Format] does.
func (s Script) String() string { return Format([]Script{s}) }

// Format writes scripts in their one form: a call a line, the arrows of a script
// one below the other, comments where they were. [Parse] reads it back.
func Format(scripts []Script) string {
	var b strings.Builder
	for _, s := range scripts {
		s.format(&b, s.Title != "" || len(scripts) > 1)
	}
	return b.String()
}

// format writes one script.
func (s Script) format(b *strings.Builder, titled bool) {
	if titled {
		b.WriteString(strings.TrimSpace("--- "+s.Title) + "\n")
	}
	width := 0
	for _, line := range s.Lines {
		if line.Expect != nil {
			width = max(width, utf8.RuneCountInString(line.calls()))
		}
	}
	for _, line := range s.Lines {
		comments(b, line.Before)
		text := line.calls()
		if line.Expect != nil {
			text += strings.Repeat(" ", width-utf8.RuneCountInString(text)) + " → " + line.Expect.String()
		}
		b.WriteString(text)
		if line.Comment != "" {
			b.WriteString("  # " + line.Comment)
		}
		b.WriteByte('\n')
	}
	comments(b, s.After)
}

func comments(b *strings.Builder, all []string) {
	for _, comment := range all {
		b.WriteString(strings.TrimSpace("# "+comment) + "\n")
	}
}

// calls writes who calls what: the line without what is expected.
func (l Line) calls() string { return l.Actor.String() + " " + l.Call.String() }

// String writes the line without its comments.
func (l Line) String() string {
	if l.Expect == nil {
		return l.calls()
	}
	return l.calls() + " → " + l.Expect.String()
}

// String writes the call as scripts do.
func (c Call) String() string {
	words := []string{string(c.Verb)}
	add := func(more ...string) { words = append(words, more...) }
	switch c.Verb {
	case Read, Recv, Sendfile:
		add(strconv.Itoa(c.N))
	case Write, Send:
		if c.Quoted {
			add(quote(c.Text))
		} else {
			add(strconv.Itoa(c.N))
		}
	case Splice:
		add(c.How, strconv.Itoa(c.N))
	case Connect:
		if c.Name != Listener {
			add("to", c.Name)
		}
	case Accept:
		if c.Name != Listener {
			add("from", c.Name)
		}
	case Shutdown, Socket:
		add(c.How)
	default:
		add(c.wordsOf()...)
	}
	add(c.Flags...)
	return strings.TrimSpace(strings.Join(words, " "))
}

// wordsOf writes the words of the verbs that have several.
func (c Call) wordsOf() []string {
	switch c.Verb {
	case Dup:
		return []string{"as", c.Name}
	case Bind:
		if c.Name != "" {
			return []string{"same", "as", c.Name}
		}
	case Listen:
		if c.N != defaultBacklog {
			return []string{"backlog", strconv.Itoa(c.N)}
		}
	case Set:
		return append([]string{string(c.Option)}, c.values()...)
	case Poll:
		return c.pollWords()
	case Watch:
		return nonEmpty(c.Events.String(), c.How)
	case Returns:
		return c.within()
	case Await:
		return append(nonEmpty(c.How, c.awaited()), c.within()...)
	case Drops:
		return []string{c.How, "toward", c.Name}
	case Passes:
		return []string{"all", "toward", c.Name}
	case Destroys:
		return []string{c.Name}
	case WireRST, WireFIN, WireBytes:
		return []string{"from", c.Name}
	case Between:
		if c.Cut != "" {
			return []string{c.Name, "and", c.Other, "cut", c.Cut}
		}
		return nonEmpty(c.Name, "and", c.Other, c.How)
	case Reason:
		return []string{"of", "rst", "from", c.Name}
	}
	return nil
}

func nonEmpty(words ...string) []string {
	var all []string
	for _, word := range words {
		if word != "" {
			all = append(all, word)
		}
	}
	return all
}

func (c Call) pollWords() []string {
	var words []string
	if c.Events != 0 {
		words = append(words, "for", c.Events.String())
	}
	if c.Forever {
		words = append(words, "forever")
	}
	return words
}

// awaited writes how much or which state is awaited.
func (c Call) awaited() string {
	if c.How == "bytes" {
		return strconv.Itoa(c.N)
	}
	return string(c.State)
}

func (c Call) within() []string {
	if c.Within == 0 {
		return nil
	}
	return []string{"within", writeDuration(c.Within)}
}

// values writes the values of an option.
func (c Call) values() []string {
	switch c.Option {
	case Nonblocking, NoDelay, Cork, ReuseAddr:
		if c.On {
			return []string{"on"}
		}
		return []string{"off"}
	case Linger, Keepalive:
		switch {
		case !c.On:
			return []string{"off"}
		case c.Option == Linger:
			return []string{writeDuration(c.Time)}
		}
		return []string{writeDuration(c.Time), writeDuration(c.Every), strconv.Itoa(c.N)}
	case UserTimeout, Linger2, RcvTimeo, SndTimeo:
		return []string{writeDuration(c.Time)}
	}
	return []string{strconv.Itoa(c.N)}
}
